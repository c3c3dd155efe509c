// A parameter of each element type in a file of 30 bytes, wide after narrow.
module {
  func.func @step(%x: tensor<2xf32> {dchag.role = "input", dchag.name = "x"},
      %a: tensor<3xi1> {dchag.role = "param", dchag.name = "a", dchag.source = #dchag.source<"types.bin", offset = 0, bytes = 3>},
      %b: tensor<1xi8> {dchag.role = "param", dchag.name = "b", dchag.unsigned, dchag.source = #dchag.source<"types.bin", offset = 3, bytes = 1>},
      %c: tensor<1xbf16> {dchag.role = "param", dchag.name = "c", dchag.source = #dchag.source<"types.bin", offset = 4, bytes = 2>},
      %d: tensor<1xf16> {dchag.role = "param", dchag.name = "d", dchag.source = #dchag.source<"types.bin", offset = 6, bytes = 2>},
      %e: tensor<1x1xf32> {dchag.role = "param", dchag.name = "e/\22", dchag.source = #dchag.source<"types.bin", offset = 8, bytes = 4>},
      %f: tensor<f64> {dchag.role = "param", dchag.name = "f", dchag.source = #dchag.source<"types.bin", offset = 12, bytes = 8>},
      %g: tensor<1xi64> {dchag.role = "param", dchag.name = "g", dchag.source = #dchag.source<"types.bin", offset = 20, bytes = 8>},
      %h: tensor<1xi16> {dchag.role = "param", dchag.name = "h", dchag.source = #dchag.source<"types.bin", offset = 28, bytes = 2>},
      %i: tensor<0x4xi32> {dchag.role = "param", dchag.name = "i", dchag.source = #dchag.source<"types.bin", offset = 30, bytes = 0>})
      -> (tensor<2xf32> {dchag.name = "y"}) {
    return %x : tensor<2xf32>
  }
}
