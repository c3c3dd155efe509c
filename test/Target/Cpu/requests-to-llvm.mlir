// RUN: dchag-opt %s --program-to-llvm | FileCheck %s

// CHECK-DAG: llvm.func @dchag_rt_start_all_gather(!llvm.ptr, i32, i32, i32, i32, i64, !llvm.ptr, !llvm.ptr) -> !llvm.ptr
// CHECK-DAG: llvm.func @dchag_rt_wait(!llvm.ptr, !llvm.ptr)
module attributes {dchag_rt.program = #dchag_rt.program<"m", axes = [#dchag_rt.axis<"dp", 2>, #dchag_rt.axis<"tp", 3>], groups = [array<i32: 0>, array<i32: 1>], sites = [], buffers = [], entries = []>} {
  // CHECK-LABEL: llvm.func @dchag_model_step(
  // CHECK-SAME: %[[CONTEXT:[a-z0-9]+]]: !llvm.ptr
  func.func @dchag_model_step(%context: !dchag_rt.context, %table: !dchag_rt.buffers) {
    %x = dchag_rt.buffer %table[0] : memref<5x2xf32>
    %y = dchag_rt.buffer %table[1] : memref<3x5x2xf32>
    // CHECK-DAG: %[[SITE:.+]] = llvm.mlir.constant(7 : i32)
    // CHECK-DAG: %[[GROUP:.+]] = llvm.mlir.constant(1 : i32)
    // CHECK-DAG: %[[QUEUE:.+]] = llvm.mlir.constant(2 : i32)
    // CHECK-DAG: %[[COUNT:.+]] = llvm.mlir.constant(10 : i64)
    // CHECK: %[[R:.+]] = llvm.call @dchag_rt_start_all_gather(%[[CONTEXT]], %[[QUEUE]], %[[SITE]], %[[GROUP]], %{{.+}}, %[[COUNT]], %{{.+}}, %{{.+}})
    // CHECK: llvm.call @dchag_rt_wait(%[[CONTEXT]], %[[R]])
    %r = dchag_rt.start {
      dchag_rt.all_gather %x outs(%y) {axes = array<i32: 1>, site = 7 : i32, queue = 2 : i32} : (memref<5x2xf32>, memref<3x5x2xf32>) -> ()
    }
    dchag_rt.wait %r source(%x : memref<5x2xf32>) outs(%y : memref<3x5x2xf32>)
    return
  }
}
