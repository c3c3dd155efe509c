// RUN: dchag-opt %s --emit=llvm --cpu=x86-64 | FileCheck %s
// RUN: dchag-opt %s --emit=obj --cpu=x86-64 -o %t.o && llvm-nm %t.o | FileCheck %s --check-prefix=NM

// The descriptor that the runtime reads, field by field (runtime/include/dchag_rt.h).
// CHECK-DAG: @dchag_model = {{.*}}constant { i64, i32, i32, ptr, ptr, i32, ptr, i32, ptr, i32, ptr, i32, ptr, i32, ptr, i32, ptr } { i64 4918854663225365553, i32 6, i32 128, ptr [[NAME:@[a-z.0-9]+]], ptr {{@[a-z.0-9]+}}, i32 1, ptr {{@[a-z.0-9]+}}, i32 1, ptr {{@[a-z.0-9]+}}, i32 2, ptr [[BUFFERS:@[a-z.0-9]+]], i32 1, ptr {{@[a-z.0-9]+}}, i32 1, ptr [[ENTRIES:@[a-z.0-9]+]], i32 1, ptr {{@[a-z.0-9]+}} }
// CHECK-DAG: [[NAME]] = private constant [5 x i8] c"tiny\00"
// Filled by the caller for a run, f32 (8); filled by the file, needed to the end.
// CHECK-DAG: [[BUFFERS]] = private constant [2 x { ptr, ptr, i32, i32, i32, i32, i32, i32, ptr, i32, ptr }] [{ ptr, ptr, i32, i32, i32, i32, i32, i32, ptr, i32, ptr } { ptr {{@[a-z.0-9]+}}, ptr [[INPUT:@[a-z.0-9]+]], i32 0, i32 1, i32 0, i32 0, i32 8, i32 2, ptr [[DIMS:@[a-z.0-9]+]], i32 0, ptr null }, { ptr, ptr, i32, i32, i32, i32, i32, i32, ptr, i32, ptr } { ptr {{@[a-z.0-9]+}}, ptr {{@[a-z.0-9]+}}, i32 1, i32 2, i32 0, i32 0, i32 8, i32 1, ptr {{@[a-z.0-9]+}}, i32 1, ptr [[READS:@[a-z.0-9]+]] }]
// CHECK-DAG: [[INPUT]] = private constant [6 x i8] c"input\00"
// CHECK-DAG: [[ENTRIES]] = private constant [1 x { ptr, i32, i32, ptr, i64, i64, ptr }] [{ ptr, i32, i32, ptr, i64, i64, ptr } { ptr {{@[a-z.0-9]+}}, i32 1, i32 2, ptr [[USED:@[a-z.0-9]+]], i64 128, i64 0, ptr @dchag_model_step }]
// CHECK-DAG: [[USED]] = private constant [2 x i32] [i32 0, i32 1]
// CHECK-DAG: [[DIMS]] = private constant [2 x { i64, i64, i32, [4 x i32] }] [{ i64, i64, i32, [4 x i32] } { i64 5, i64 3, i32 1, [4 x i32] zeroinitializer }, { i64, i64, i32, [4 x i32] } { i64 7, i64 7, i32 0, [4 x i32] zeroinitializer }]
// CHECK-DAG: [[READS]] = private constant [1 x { i32, i64, ptr }] [{ i32, i64, ptr } { i32 0, i64 4, ptr [[BOX:@[a-z.0-9]+]] }]
// CHECK-DAG: [[BOX]] = private constant [3 x i64] [i64 0, i64 3, i64 2]
// NM-DAG: dchag_model
// NM-DAG: T dchag_model_step
module attributes {dchag_rt.program = #dchag_rt.program<"tiny", axes = [#dchag_rt.axis<"tp", 2>], groups = [array<i32: 0>], sites = ["all_gather"],
    buffers = [
      #dchag_rt.buffer<"x", "input", tensor<5x7xf32>, local = tensor<3x7xf32>, axes = [array<i32: 0>, array<i32>]>,
      #dchag_rt.buffer<"w", "param", tensor<3xf32>, local = tensor<3xf32>, axes = [array<i32>],
        reads = [#dchag.read<"w", tensor<16xf32>, offset = 4, strides = [2], at = [0], sizes = [3]>]>],
    entries = [#dchag_rt.entry<"step", @dchag_model_step, step, buffers = [0, 1], arena = 128>]>} {
  llvm.func @dchag_model_step(%context: !llvm.ptr, %buffers: !llvm.ptr, %arena: !llvm.ptr) {
    llvm.return
  }
}
