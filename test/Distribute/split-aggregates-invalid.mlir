// RUN: dchag-opt %s --split-input-file --split-aggregates --verify-diagnostics

module attributes {dchag.mesh = #dchag.mesh<["tp" = 2]>} {
  func.func @other_axis(%g: tensor<2x1x6x4x8xf32>, %q: tensor<1x1x8xf32>) -> tensor<2x1x1x4x8xf32> {
    // expected-error @+1 {{whose axes must be those of the mesh: got #dchag.mesh<["tp" = 2]>}}
    %y = dchag.aggregate %g, %q {heads = 2, scale = 0.5, dchag.channel_split = #dchag.channel_split<["dp"], groups = 1, by "split-softmax">} : (tensor<2x1x6x4x8xf32>, tensor<1x1x8xf32>) -> tensor<2x1x1x4x8xf32>
    return %y : tensor<2x1x1x4x8xf32>
  }
}

// -----

module attributes {dchag.mesh = #dchag.mesh<["tp" = 6]>} {
  func.func @groups(%g: tensor<2x4x6x4x8xf32>, %q: tensor<4x1x8xf32>) -> tensor<2x4x1x4x8xf32> {
    // expected-error @+1 {{groups must divide the ranks of one axis of #dchag.mesh<["tp" = 6]>}}
    %y = dchag.aggregate %g, %q {heads = 2, scale = 0.5, dchag.channel_split = #dchag.channel_split<["tp"], groups = 4, by "hierarchical">} : (tensor<2x4x6x4x8xf32>, tensor<4x1x8xf32>) -> tensor<2x4x1x4x8xf32>
    return %y : tensor<2x4x1x4x8xf32>
  }
}

// -----

module attributes {dchag.mesh = #dchag.mesh<["tp" = 4]>} {
  func.func @different(%g: tensor<2x2x6x4x8xf32>, %q: tensor<2x1x8xf32>) -> (tensor<2x2x1x4x8xf32>, tensor<2x2x1x4x8xf32>) {
    %y = dchag.aggregate %g, %q {heads = 2, scale = 0.5, dchag.channel_split = #dchag.channel_split<["tp"], groups = 2, by "hierarchical">} : (tensor<2x2x6x4x8xf32>, tensor<2x1x8xf32>) -> tensor<2x2x1x4x8xf32>
    // expected-error @+1 {{all must be split alike, by one run of annotate-aggregations}}
    %z = dchag.aggregate %g, %q {heads = 2, scale = 0.5, dchag.channel_split = #dchag.channel_split<["tp"], groups = 1, by "split-softmax">} : (tensor<2x2x6x4x8xf32>, tensor<2x1x8xf32>) -> tensor<2x2x1x4x8xf32>
    return %y, %z : tensor<2x2x1x4x8xf32>, tensor<2x2x1x4x8xf32>
  }
}

// -----

module attributes {dchag.mesh = #dchag.mesh<["tp" = 4, "tp.groups" = 2]>} {
  func.func @taken(%g: tensor<2x2x6x4x8xf32>, %q: tensor<2x1x8xf32>) -> tensor<2x2x1x4x8xf32> {
    // expected-error @+1 {{has an axis 'tp.groups' already: rename it}}
    %y = dchag.aggregate %g, %q {heads = 2, scale = 0.5, dchag.channel_split = #dchag.channel_split<["tp"], groups = 2, by "hierarchical">} : (tensor<2x2x6x4x8xf32>, tensor<2x1x8xf32>) -> tensor<2x2x1x4x8xf32>
    return %y : tensor<2x2x1x4x8xf32>
  }
}

// -----

module attributes {dchag.mesh = #dchag.mesh<["tp" = 2]>} {
  func.func @kind(%g: tensor<2x1x6x4x8xf32>, %q: tensor<1x1x8xf32>) -> tensor<2x1x1x4x8xf32> {
    // expected-error @+1 {{dchag.channel_split is unit, wanted #dchag.channel_split}}
    %y = dchag.aggregate %g, %q {heads = 2, scale = 0.5, dchag.channel_split} : (tensor<2x1x6x4x8xf32>, tensor<1x1x8xf32>) -> tensor<2x1x1x4x8xf32>
    return %y : tensor<2x1x1x4x8xf32>
  }
}

// -----

module attributes {dchag.mesh = #dchag.mesh<["tp" = 2]>} {
  func.func @twice(%g: tensor<2x1x6x4x8xf32>, %q: tensor<1x1x8xf32>) -> tensor<2x1x1x4x8xf32> {
    // expected-error @+1 {{(S1) a request to split channels must name axes, each once, and a positive number of groups}}
    %y = dchag.aggregate %g, %q {heads = 2, scale = 0.5, dchag.channel_split = #dchag.channel_split<["tp", "tp"], groups = 1, by "split-softmax">} : (tensor<2x1x6x4x8xf32>, tensor<1x1x8xf32>) -> tensor<2x1x1x4x8xf32>
    return %y : tensor<2x1x1x4x8xf32>
  }
}
