// RUN: dchag-opt %s --split-input-file --verify-diagnostics

module attributes {dchag.mesh = #dchag.mesh<["tp" = 2]>} {
  func.func @reshard_c1(%x: tensor<4xf32>) -> tensor<4xf32> {
    // expected-error @+1 {{(C1) cannot make a partial result: got #dchag.partial<"tp" = sum> in to only}}
    %y = dchag.reshard %x from <[[]]> to <[[]], partial = ["tp" = sum]> global tensor<4xf32> : tensor<4xf32> -> tensor<4xf32>
    return %y : tensor<4xf32>
  }
}

// -----

module attributes {dchag.mesh = #dchag.mesh<["tp" = 2]>} {
  func.func @reshard_c2(%x: tensor<4xf32>) -> tensor<4xf32> {
    // expected-error @+1 {{(C2) must go from 'tensor<2xf32>' to 'tensor<3xf32>' (or have the global type twice): got 'tensor<4xf32>' and 'tensor<4xf32>'}}
    %y = dchag.reshard %x from <[["tp"]]> to <[[]]> global tensor<3xf32> : tensor<4xf32> -> tensor<4xf32>
    return %y : tensor<4xf32>
  }
}

// -----

module attributes {dchag.mesh = #dchag.mesh<["tp" = 2]>} {
  func.func @reshard_c3_missing(%x: tensor<4xf32>) -> tensor<4xf32> {
    // expected-error @+1 {{(C3) must have a maximum exactly where parts of a softmax are combined}}
    %y = dchag.reshard %x from <[[]], partial = ["tp" = softmax]> to <[[]]> global tensor<4xf32> : tensor<4xf32> -> tensor<4xf32>
    return %y : tensor<4xf32>
  }
}

// -----

module attributes {dchag.mesh = #dchag.mesh<["tp" = 2]>} {
  func.func @reshard_c3_divides(%x: tensor<4xf32>, %m: tensor<3xf32>) -> tensor<4xf32> {
    // expected-error @+1 {{(C3) the maximum must have dimensions that divide those of the input: got 'tensor<3xf32>' and 'tensor<4xf32>'}}
    %y = dchag.reshard %x relative(%m : tensor<3xf32>) from <[[]], partial = ["tp" = softmax]> to <[[]]> global tensor<4xf32> : tensor<4xf32> -> tensor<4xf32>
    return %y : tensor<4xf32>
  }
}

// -----

func.func @rescale_c1(%x: tensor<4x6xf32>, %m: tensor<4x4xf32>) -> tensor<4x6xf32> {
  // expected-error @+1 {{(C1) from must have dimensions that divide those of the input: got 'tensor<4x4xf32>' for 'tensor<4x6xf32>'}}
  %y = dchag.rescale %x from %m to %m : (tensor<4x6xf32>, tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x6xf32>
  return %y : tensor<4x6xf32>
}

// -----

func.func @rescale_c2(%x: tensor<4x6xf32>, %m: tensor<4x3xf64>) -> tensor<4x6xf32> {
  // expected-error @+1 {{(C2) from must have the element type of the input: got 'f64', wanted 'f32'}}
  %y = dchag.rescale %x from %m to %m : (tensor<4x6xf32>, tensor<4x3xf64>, tensor<4x3xf64>) -> tensor<4x6xf32>
  return %y : tensor<4x6xf32>
}
