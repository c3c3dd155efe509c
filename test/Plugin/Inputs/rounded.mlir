// 1023 + 1/1024 has more bits than f16: folding the sum rounds, exact execution does not. All else is exact on integers
// where THRESHOLD has few bits.
module {
  func.func @folded() -> (tensor<3xf16> {dchag.name = "y"}) {
    %big = arith.constant dense<[2.0, 1023.0, 3.0]> : tensor<3xf16>
    %small = arith.constant dense<[0.0, 0.0009765625, 0.0]> : tensor<3xf16>
    %sum = arith.addf %big, %small : tensor<3xf16>
    %y = spectral.soft_threshold %sum {threshold = THRESHOLD : f64} : tensor<3xf16>
    return %y : tensor<3xf16>
  }
}
