// RUN: dchag-opt %s --plan-memory | FileCheck %s --implicit-check-not=memref.alloc

// The first and the third buffer live one after the other, the view extends the second.
// CHECK: module attributes {dchag_rt.program = {{.*}}#dchag_rt.entry<"step", @dchag_model_step, step, buffers = {{\[\]}}, arena = 192>
module attributes {dchag_rt.program = #dchag_rt.program<"m", axes = [], groups = [], sites = [], buffers = [], entries = [#dchag_rt.entry<"step", @dchag_model_step, step, buffers = [], arena = 0>]>} {
  func.func private @use(memref<5x3xf32>)
  func.func private @use_flat(memref<15xf32>)
  // CHECK-LABEL: func.func @dchag_model_step(
  // CHECK-SAME: %[[ARENA:[a-z0-9]+]]: memref<192xi8>
  func.func @dchag_model_step(%context: !dchag_rt.context, %buffers: !dchag_rt.buffers) {
    // CHECK: %[[A:.+]] = dchag_rt.view %[[ARENA]][[[AT:.+]]] : memref<192xi8> -> memref<5x3xf32>
    %a = memref.alloc() : memref<5x3xf32>
    %b = memref.alloc() : memref<5x3xf32>
    %flat = dchag_rt.view %b[0] : memref<5x3xf32> -> memref<15xf32>
    call @use(%b) : (memref<5x3xf32>) -> ()
    call @use(%a) : (memref<5x3xf32>) -> ()
    call @use_flat(%flat) : (memref<15xf32>) -> ()
    %c = memref.alloc() : memref<2x3xf64>
    %d = dchag_rt.view %c[0] : memref<2x3xf64> -> memref<5x2xf32>
    call @use_small(%d) : (memref<5x2xf32>) -> ()
    call @use_flat(%flat) : (memref<15xf32>) -> ()
    %e = memref.alloc() : memref<1x33xf32>
    call @use_last(%e) : (memref<1x33xf32>) -> ()
    return
  }
  func.func private @use_small(memref<5x2xf32>)
  func.func private @use_last(memref<1x33xf32>)
}
