// RUN: dchag-opt %s --lower-kernels --canonicalize | FileCheck %s

#in = affine_map<(r, c) -> (r, c)>
#row = affine_map<(r, c) -> (r)>
#column = affine_map<(r, c) -> (c)>

// 1000 numbers a row: 15 vectors of 64 in one block, and one of 40, whose other lanes are 0. Blocks are of f32, totals of f64.
// CHECK-LABEL: func.func @rows(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<2x1000xf32>, %[[Y:[a-z0-9]+]]: memref<2xf32>
// CHECK-DAG:     %[[STEP:.+]] = arith.constant 64 : index
// CHECK-DAG:     %[[END:.+]] = arith.constant 960 : index
// CHECK:         %[[BLOCK:.+]] = scf.for {{.+}} to %[[END]] step %[[STEP]] iter_args({{.+}}) -> (vector<64xf32>)
// CHECK:           vector.load %[[X]]
// CHECK:           arith.addf {{.+}} : vector<64xf32>
// CHECK:         %[[WIDE:.+]] = arith.extf %[[BLOCK]] : vector<64xf32> to vector<64xf64>
// CHECK:         vector.load %[[X]]{{.+}} vector<40xf32>
// CHECK:         vector.insert_strided_slice %{{.+}} : vector<40xf64> into vector<64xf64>
// CHECK:         arith.addf %{{.+}} : vector<32xf64>
// CHECK:         %[[SUM:.+]] = arith.truncf %{{.+}} : f64 to f32
// CHECK:         memref.store %[[SUM]], %[[Y]]
func.func @rows(%x: memref<2x1000xf32>, %y: memref<2xf32>) {
  linalg.generic {indexing_maps = [#in, #row], iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<2x1000xf32>) outs(%y : memref<2xf32>) {
  ^bb0(%a: f32, %s: f32):
    %t = arith.addf %s, %a : f32
    linalg.yield %t : f32
  }
  return
}

// Down the columns: a block is 16 rows long. 70 columns are one vector of 64, one of 4 and two numbers.
// CHECK-LABEL: func.func @columns(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<100x70xf32>, %[[Y:[a-z0-9]+]]: memref<70xf32>
// CHECK:         scf.for {{.+}} iter_args({{.+}}) -> (vector<64xf64>)
// CHECK:           scf.for {{.+}} iter_args({{.+}}) -> (vector<64xf32>)
// CHECK:             vector.load %[[X]]
// CHECK:         vector.store %{{.+}}, %[[Y]]{{.+}} vector<64xf32>
// CHECK:         vector.store %{{.+}}, %[[Y]]{{.+}} vector<4xf32>
// CHECK:         memref.store
func.func @columns(%x: memref<100x70xf32>, %y: memref<70xf32>) {
  linalg.generic {indexing_maps = [#in, #column], iterator_types = ["reduction", "parallel"]}
      ins(%x : memref<100x70xf32>) outs(%y : memref<70xf32>) {
  ^bb0(%a: f32, %s: f32):
    %t = arith.addf %a, %s : f32
    linalg.yield %t : f32
  }
  return
}

// Halves are added up in f32.
// CHECK-LABEL: func.func @halves(
// CHECK:         arith.extf %{{.+}} : vector<16xbf16> to vector<16xf32>
// CHECK:         arith.addf %{{.+}} : vector<16xf32>
func.func @halves(%x: memref<2x32xbf16>, %y: memref<2xf32>) {
  linalg.generic {indexing_maps = [#in, #row], iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<2x32xbf16>) outs(%y : memref<2xf32>) {
  ^bb0(%a: bf16, %s: f32):
    %w = arith.extf %a : bf16 to f32
    %t = arith.addf %s, %w : f32
    linalg.yield %t : f32
  }
  return
}

// Maxima need no blocks and no other type.
// CHECK-LABEL: func.func @maxima(
// CHECK:         arith.maximumf %{{.+}} : vector<16xf32>
// CHECK-NOT:     f64
// CHECK:         return
func.func @maxima(%x: memref<2x32xf32>, %y: memref<2xf32>) {
  linalg.generic {indexing_maps = [#in, #row], iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<2x32xf32>) outs(%y : memref<2xf32>) {
  ^bb0(%a: f32, %s: f32):
    %t = arith.maximumf %s, %a : f32
    linalg.yield %t : f32
  }
  return
}

// The last index wins: one by one, in order.
// CHECK-LABEL: func.func @ordered(
// CHECK-NOT:     vector
// CHECK:         scf.for {{.+}} iter_args({{.+}}) -> (i64)
// CHECK-NOT:     vector
// CHECK:         return
func.func @ordered(%x: memref<2x32xi1>, %y: memref<2xi64>) {
  linalg.generic {indexing_maps = [#in, #row], iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<2x32xi1>) outs(%y : memref<2xi64>) {
  ^bb0(%a: i1, %s: i64):
    %i = linalg.index 1 : index
    %n = arith.index_cast %i : index to i64
    %t = arith.select %a, %n, %s : i64
    linalg.yield %t : i64
  }
  return
}
