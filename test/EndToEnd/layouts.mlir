// Results in another layout than the argument, of five rows and seven columns over two and three ranks: no
// number of ranks divides either, and each change of layout is another collective.
// RUN: dchag-opt %s --distribute=mesh=tp=2 | FileCheck %s

// RUN: rm -rf %t && mkdir %t
// RUN: python3 %S/Inputs/make_layouts.py %t
// DEFINE: %{ranks} =
// DEFINE: %{run} = dchag-opt %s --mesh=tp=%{ranks} --emit=exe -o %t/program && \
// DEFINE:   %t/program --comm threads --input x=%t/x.npy --output %t/out
// DEFINE: %{same} = python3 %S/Inputs/compare.py
// DEFINE: %{check} = %{same} %t/out/whole.npy %t/whole.npy && %{same} %t/out/moved.npy %t/moved.npy && \
// DEFINE:   %{same} %t/out/columns.npy %t/columns.npy && %{same} %t/out/rows.npy %t/rows.npy
// REDEFINE: %{ranks} = 2
// RUN: %{run}
// RUN: %{check}
// REDEFINE: %{ranks} = 3
// RUN: %{run}
// RUN: %{check}

module attributes {dchag.model = "layouts"} {
  // A rank has three rows of five.
  // CHECK-LABEL: func.func @step(
  // CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<3x7xf32>
  func.func @step(%x: tensor<5x7xf32> {dchag.role = "input", dchag.name = "x", dchag.sharding = #dchag.sharding<[["tp"], []]>})
      -> (tensor<5x7xf32> {dchag.name = "whole", dchag.sharding = #dchag.sharding<[[], []]>},
          tensor<5x7xf32> {dchag.name = "moved", dchag.sharding = #dchag.sharding<[[], ["tp"]]>},
          tensor<7xf32> {dchag.name = "columns", dchag.sharding = #dchag.sharding<[["tp"]]>},
          tensor<7xf32> {dchag.name = "rows", dchag.sharding = #dchag.sharding<[["tp"]]>}) {
    %zero = arith.constant 0.0 : f32
    // Rows are gathered, and the padding of the last rank is cut off.
    // CHECK: %[[SQUARE:.+]] = arith.mulf %[[X]], %[[X]]
    // CHECK: %[[G:.+]] = shard.all_gather %[[SQUARE]] on @mesh grid_axes = [0] gather_axis = 0
    // CHECK: %[[WHOLE:.+]] = tensor.extract_slice %[[G]][0, 0] [5, 7]
    %whole = arith.mulf %x, %x : tensor<5x7xf32>
    // The split moves from rows to columns.
    // CHECK: %[[N:.+]] = arith.negf %[[X]]
    // CHECK: %[[PN:.+]] = tensor.pad %[[N]] low[0, 0] high[0, 1]
    // CHECK: %[[E:.+]] = shard.all_to_all %[[PN]] on @mesh grid_axes = [0] split_axis = 1 concat_axis = 0
    // CHECK: %[[MOVED:.+]] = tensor.extract_slice %[[E]][0, 0] [5, 4]
    %moved = arith.negf %x : tensor<5x7xf32>
    // Parts of a sum over rows are scattered.
    // CHECK: %[[S:.+]] = linalg.reduce
    // CHECK: %[[PS:.+]] = tensor.pad %[[S]] low[0] high[1]
    // CHECK: %[[COLUMNS:.+]] = shard.reduce_scatter %[[PS]] on @mesh grid_axes = [0] scatter_axis = 0
    %empty = tensor.empty() : tensor<7xf32>
    %zeros = linalg.fill ins(%zero : f32) outs(%empty : tensor<7xf32>) -> tensor<7xf32>
    %columns = linalg.reduce {arith.addf} ins(%x : tensor<5x7xf32>) outs(%zeros : tensor<7xf32>) dimensions = [0]
    // One row of what is whole: each rank takes its columns.
    // CHECK: %[[PW:.+]] = tensor.pad %[[WHOLE]] low[0, 0] high[0, 1]
    // CHECK: %[[PART:.+]] = shard.all_slice %[[PW]] on @mesh grid_axes = [0] slice_axis = 1
    // CHECK: %[[ROW:.+]] = tensor.extract_slice %[[PART]][3, 0] [1, 4]
    // CHECK: %[[ROWS:.+]] = math.exp %[[ROW]]
    %row = tensor.extract_slice %whole[3, 0] [1, 7] [1, 1] : tensor<5x7xf32> to tensor<7xf32>
    %rows = math.exp %row : tensor<7xf32>
    // CHECK: return %[[WHOLE]], %[[MOVED]], %[[COLUMNS]], %[[ROWS]]
    return %whole, %moved, %columns, %rows : tensor<5x7xf32>, tensor<5x7xf32>, tensor<7xf32>, tensor<7xf32>
  }
}
