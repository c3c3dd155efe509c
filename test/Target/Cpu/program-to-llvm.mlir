// RUN: dchag-opt %s --program-to-llvm --split-input-file --verify-diagnostics | FileCheck %s

// A product is a constant that describes it: element types, batch, bias, activation, accumulate, then alpha and sizes.
// CHECK-DAG: llvm.mlir.global internal constant @[[$PRODUCT:matmul_[x0-9a-f_]+]]()
// CHECK-DAG: llvm.func @dchag_rt_matmul(!llvm.ptr, i32, !llvm.ptr, !llvm.ptr, !llvm.ptr, !llvm.ptr, !llvm.ptr)
// CHECK-DAG: llvm.func @dchag_rt_copy(!llvm.ptr, i32, i64, !llvm.ptr, !llvm.ptr)
// CHECK-DAG: llvm.func @dchag_rt_axis_index(!llvm.ptr, i32) -> i64
module attributes {dchag_rt.program = #dchag_rt.program<"m", axes = [#dchag_rt.axis<"tp", 3>], groups = [array<i32: 0>], sites = [], buffers = [], entries = []>} {
  // CHECK-LABEL: llvm.func @dchag_model_step(
  // CHECK-SAME: %[[CONTEXT:[a-z0-9]+]]: !llvm.ptr, %[[TABLE:[a-z0-9]+]]: !llvm.ptr, %[[ARENA:[a-z0-9]+]]: !llvm.ptr)
  func.func @dchag_model_step(%context: !dchag_rt.context, %table: !dchag_rt.buffers, %arena: memref<128xi8>) {
    // CHECK: %[[SLOT:.+]] = llvm.getelementptr %[[TABLE]][1] : (!llvm.ptr) -> !llvm.ptr, !llvm.ptr
    // CHECK: llvm.load %[[SLOT]] : !llvm.ptr -> !llvm.ptr
    %y = dchag_rt.buffer %table[1] : memref<2x3xf32>
    %x = dchag_rt.buffer %table[0] : memref<2x5xf32>
    %w = dchag_rt.buffer %table[2] : memref<5x3xf32>
    // CHECK: llvm.call @dchag_rt_axis_index(%[[CONTEXT]], %{{.+}}) : (!llvm.ptr, i32) -> i64
    %i = dchag_rt.axis_index 0
    %part = dchag_rt.view %arena[64] + %i : memref<128xi8> -> memref<2x3xf32>
    // CHECK: %[[P:.+]] = llvm.mlir.addressof @[[$PRODUCT]]
    // CHECK: llvm.call @dchag_rt_matmul(%[[CONTEXT]], %{{.+}}, %[[P]],
    dchag_rt.matmul(%x, %w) outs(%y) {indexing_maps = [affine_map<(i, j, k) -> (i, k)>, affine_map<(i, j, k) -> (k, j)>, affine_map<(i, j, k) -> (i, j)>]} : (memref<2x5xf32>, memref<5x3xf32>, memref<2x3xf32>) -> ()
    // CHECK: llvm.call @dchag_rt_all_reduce(%[[CONTEXT]],
    dchag_rt.all_reduce outs(%part) {axes = array<i32: 0>, site = 0 : i32} : (memref<2x3xf32>) -> ()
    return
  }
  // CHECK-LABEL: llvm.func @spaces(
  // CHECK: %[[BYTES:.+]] = llvm.mlir.constant(24 : i64)
  // CHECK: llvm.call @dchag_rt_copy(%{{.+}}, %{{.+}}, %[[BYTES]],
  func.func @spaces(%context: !dchag_rt.context, %x: memref<2x3xf32>, %y: memref<2x3xf32, 1>) {
    dchag_rt.copy %x outs(%y) : (memref<2x3xf32>, memref<2x3xf32, 1>) -> ()
    return
  }
}

// -----

module attributes {dchag_rt.program = #dchag_rt.program<"m", axes = [#dchag_rt.axis<"tp", 3>], groups = [], sites = [], buffers = [], entries = []>} {
  func.func @dchag_model_step(%context: !dchag_rt.context, %x: memref<2x3xf32>) {
    // expected-error @+1 {{has axes that are no group of dchag_rt.program}}
    dchag_rt.all_reduce outs(%x) {axes = array<i32: 0>, site = 0 : i32} : (memref<2x3xf32>) -> ()
    return
  }
}

// -----

// expected-error @+1 {{has no attribute dchag_rt.program: run bind-buffers first}}
module {
}
