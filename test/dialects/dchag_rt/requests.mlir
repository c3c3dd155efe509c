// RUN: dchag-opt %s --verify-roundtrip | FileCheck %s

// CHECK-LABEL: func.func @gathered(
func.func @gathered(%x: memref<2x3xf32>, %y: memref<2x2x3xf32>) {
  // CHECK: %[[R:.+]] = dchag_rt.start {
  // CHECK-NEXT: dchag_rt.all_gather %[[X:.+]] outs(%[[Y:.+]]) {
  // CHECK: dchag_rt.wait %[[R]] source(%[[X]] : memref<2x3xf32>) outs(%[[Y]] : memref<2x2x3xf32>)
  %r = dchag_rt.start {
    dchag_rt.all_gather %x outs(%y) {axes = array<i32: 0>, site = 0 : i32} : (memref<2x3xf32>, memref<2x2x3xf32>) -> ()
  }
  dchag_rt.wait %r source(%x : memref<2x3xf32>) outs(%y : memref<2x2x3xf32>)
  return
}

// Nothing removes, merges or turns around what is under way.
// RUN: dchag-opt %s --canonicalize --cse | FileCheck %s --check-prefix=KEPT
// KEPT-LABEL: func.func @twice(
func.func @twice(%x: memref<2x3xf32>) {
  // KEPT: %[[R:.+]] = dchag_rt.start {
  // KEPT: dchag_rt.wait %[[R]] outs
  // KEPT: %[[S:.+]] = dchag_rt.start {
  // KEPT: dchag_rt.wait %[[S]] outs
  %r = dchag_rt.start {
    dchag_rt.all_reduce outs(%x) {axes = array<i32: 0>, site = 0 : i32} : (memref<2x3xf32>) -> ()
  }
  dchag_rt.wait %r outs(%x : memref<2x3xf32>)
  %s = dchag_rt.start {
    dchag_rt.all_reduce outs(%x) {axes = array<i32: 0>, site = 0 : i32} : (memref<2x3xf32>) -> ()
  }
  dchag_rt.wait %s outs(%x : memref<2x3xf32>)
  return
}
