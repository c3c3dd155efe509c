// RUN: dchag-opt %s --plan-memory | FileCheck %s

// Source and destination of a collective that is under way are not given to others before the
// wait: three buffers live at once, the
// fourth takes a place of theirs.
// CHECK: module attributes {dchag_rt.program = {{.*}}#dchag_rt.entry<"step", @dchag_model_step, step, buffers = {{\[\]}}, arena = 192>
module attributes {dchag_rt.program = #dchag_rt.program<"m", axes = [], groups = [], sites = [], buffers = [], entries = [#dchag_rt.entry<"step", @dchag_model_step, step, buffers = [], arena = 0>]>} {
  func.func private @use(memref<2x3xf32>)
  // CHECK-LABEL: func.func @dchag_model_step(
  func.func @dchag_model_step(%context: !dchag_rt.context, %buffers: !dchag_rt.buffers) {
    %x = memref.alloc() : memref<2x3xf32>
    %y = memref.alloc() : memref<2x2x3xf32>
    %r = dchag_rt.start {
      dchag_rt.all_gather %x outs(%y) {axes = array<i32: 0>, site = 0 : i32} : (memref<2x3xf32>, memref<2x2x3xf32>) -> ()
    }
    %z = memref.alloc() : memref<2x3xf32>
    func.call @use(%z) : (memref<2x3xf32>) -> ()
    dchag_rt.wait %r source(%x : memref<2x3xf32>) outs(%y : memref<2x2x3xf32>)
    %w = memref.alloc() : memref<2x3xf32>
    func.call @use(%w) : (memref<2x3xf32>) -> ()
    return
  }
}
