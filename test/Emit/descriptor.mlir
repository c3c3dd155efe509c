// RUN: dchag-opt %s --emit=llvm --cpu=x86-64 | FileCheck %s
// RUN: dchag-opt %s --emit=obj --cpu=x86-64 -o %t.o && llvm-nm %t.o | FileCheck %s --check-prefix=NM

// The descriptor that the runtime reads, field by field (runtime/include/dchag_rt.h).
// CHECK-DAG: @dchag_model = {{.*}}constant { i64, i32, i32, ptr, ptr, i32, ptr, i32, ptr, i32, ptr, i32, ptr, i64, i64, i32, ptr, ptr, ptr } { i64 4918854663225365553, i32 3, i32 0, ptr [[NAME:@[a-z.0-9]+]], ptr {{@[a-z.0-9]+}}, i32 1, ptr {{@[a-z.0-9]+}}, i32 1, ptr {{@[a-z.0-9]+}}, i32 2, ptr [[BUFFERS:@[a-z.0-9]+]], i32 1, ptr [[PARAMS:@[a-z.0-9]+]], i64 128, i64 0, i32 1, ptr {{@[a-z.0-9]+}}, ptr null, ptr @dchag_model_step }
// CHECK-DAG: [[NAME]] = private constant [5 x i8] c"tiny\00"
// CHECK-DAG: [[BUFFERS]] = private constant [2 x { ptr, i32, i32, i32, ptr, i32, ptr }] [{ ptr, i32, i32, i32, ptr, i32, ptr } { ptr {{@[a-z.0-9]+}}, i32 0, i32 8, i32 2, ptr [[DIMS:@[a-z.0-9]+]], i32 0, ptr null }, { ptr, i32, i32, i32, ptr, i32, ptr } { ptr {{@[a-z.0-9]+}}, i32 3, i32 8, i32 1, ptr {{@[a-z.0-9]+}}, i32 1, ptr [[READS:@[a-z.0-9]+]] }]
// CHECK-DAG: [[DIMS]] = private constant [2 x { i64, i64, i32, [4 x i32] }] [{ i64, i64, i32, [4 x i32] } { i64 5, i64 3, i32 1, [4 x i32] zeroinitializer }, { i64, i64, i32, [4 x i32] } { i64 7, i64 7, i32 0, [4 x i32] zeroinitializer }]
// CHECK-DAG: [[READS]] = private constant [1 x { i32, i64, ptr }] [{ i32, i64, ptr } { i32 0, i64 4, ptr [[BOX:@[a-z.0-9]+]] }]
// CHECK-DAG: [[BOX]] = private constant [3 x i64] [i64 0, i64 3, i64 2]
// NM-DAG: dchag_model
// NM-DAG: T dchag_model_step
module attributes {dchag.program = {
    name = "tiny", axes = [{name = "tp", size = 2 : i64}], groups = [array<i32: 0>], sites = ["all_gather"],
    buffers = [
      {name = "x", role = "input", type = tensor<5x7xf32>, local = tensor<3x7xf32>, axes = [[0 : i32], []]},
      {name = "w", role = "param", type = tensor<3xf32>, local = tensor<3xf32>, axes = [[]],
       reads = [#dchag.read<"w", tensor<16xf32>, offset = 4, strides = [2], at = [0], sizes = [3]>]}],
    step_arena = 128 : i64, prepare_arena = 0 : i64}} {
  llvm.func @dchag_model_step(%context: !llvm.ptr, %buffers: !llvm.ptr, %arena: !llvm.ptr) {
    llvm.return
  }
}
