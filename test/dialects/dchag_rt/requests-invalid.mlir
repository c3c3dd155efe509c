// RUN: dchag-opt %s --split-input-file --verify-diagnostics

func.func @start_s1_two(%x: memref<2x3xf32>) {
  // expected-error @+1 {{(S1) holds one collective on buffers and nothing else}}
  %r = dchag_rt.start {
    dchag_rt.all_reduce outs(%x) {axes = array<i32: 0>, site = 0 : i32} : (memref<2x3xf32>) -> ()
    dchag_rt.all_reduce outs(%x) {axes = array<i32: 0>, site = 1 : i32} : (memref<2x3xf32>) -> ()
  }
  dchag_rt.wait %r outs(%x : memref<2x3xf32>)
  return
}

// -----

func.func @start_s1_other(%x: memref<2x3xf32>) {
  // expected-error @+1 {{(S1) holds one collective on buffers and nothing else}}
  %r = dchag_rt.start {
    %c = arith.constant 1 : index
  }
  dchag_rt.wait %r outs(%x : memref<2x3xf32>)
  return
}

// -----

func.func @start_s1_empty(%x: memref<2x3xf32>) {
  // expected-error @+1 {{(S1) holds one collective on buffers and nothing else}}
  %r = dchag_rt.start {
  }
  dchag_rt.wait %r outs(%x : memref<2x3xf32>)
  return
}

// -----

func.func @start_s2(%x: memref<2x3xf32>, %c: i1) {
  scf.if %c {
    // expected-error @+1 {{(S2) stands inside 'scf.if'}}
    %r = dchag_rt.start {
      dchag_rt.all_reduce outs(%x) {axes = array<i32: 0>, site = 0 : i32} : (memref<2x3xf32>) -> ()
    }
    dchag_rt.wait %r outs(%x : memref<2x3xf32>)
  }
  return
}

// -----

func.func @start_s3(%x: memref<2x3xf32>) {
  // expected-error @+1 {{(S3) needs one dchag_rt.wait for its request}}
  %r = dchag_rt.start {
    dchag_rt.all_reduce outs(%x) {axes = array<i32: 0>, site = 0 : i32} : (memref<2x3xf32>) -> ()
  }
  return
}

// -----

func.func @wait_w1(%r: !dchag_rt.request, %x: memref<2x3xf32>) {
  // expected-error @+1 {{(W1) waits for what no dchag_rt.start began}}
  dchag_rt.wait %r outs(%x : memref<2x3xf32>)
  return
}

// -----

func.func @wait_w2(%x: memref<2x3xf32>, %y: memref<2x3xf32>) {
  %r = dchag_rt.start {
    dchag_rt.all_reduce outs(%x) {axes = array<i32: 0>, site = 0 : i32} : (memref<2x3xf32>) -> ()
  }
  // expected-error @+1 {{(W2) does not name the buffers of the collective}}
  dchag_rt.wait %r outs(%y : memref<2x3xf32>)
  return
}
