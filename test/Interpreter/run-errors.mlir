// RUN: not dchag-opt %s --emit=run --run-function=divides 2>&1 | FileCheck %s --check-prefix=ZERO
// RUN: not dchag-opt %s --emit=run --run-function=bits 2>&1 | FileCheck %s --check-prefix=BITS
// RUN: not dchag-opt %s --emit=run --run-function=input 2>&1 | FileCheck %s --check-prefix=INPUT
// RUN: not dchag-opt %s --emit=run --run-function=input --input y=y.npy 2>&1 | FileCheck %s --check-prefix=NAME
// RUN: not dchag-opt %s --emit=run --run-function=input --input arg0=%t.no/x.npy 2>&1 | FileCheck %s --check-prefix=FILE
// RUN: not dchag-opt %s --emit=run --run-function=input --input arg0 2>&1 | FileCheck %s --check-prefix=PAIR
// RUN: not dchag-opt %s --emit=run --run-function=outside --inputs=integers 2>&1 | FileCheck %s --check-prefix=OUTSIDE
// RUN: not dchag-opt %s --emit=run --run-function=generic --inputs=integers 2>&1 | FileCheck %s --check-prefix=GENERIC
// RUN: not dchag-opt %s --emit=run --run-function=absent 2>&1 | FileCheck %s --check-prefix=ABSENT
// RUN: not dchag-opt %s --emit=run --run-function=dynamic --inputs=integers 2>&1 | FileCheck %s --check-prefix=DYNAMIC

// ZERO: error: 'arith.divsi' op divides by 0 at element 1
func.func @divides() -> tensor<2xi32> {
  %a = arith.constant dense<[1, 2]> : tensor<2xi32>
  %b = arith.constant dense<[1, 0]> : tensor<2xi32>
  %0 = arith.divsi %a, %b : tensor<2xi32>
  return %0 : tensor<2xi32>
}

// BITS: error: 'arith.bitcast' op reads the bits of a number
func.func @bits() -> tensor<2xi32> {
  %a = arith.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %0 = arith.bitcast %a : tensor<2xf32> to tensor<2xi32>
  return %0 : tensor<2xi32>
}

// INPUT: error: input 'arg0' of type 'tensor<2xf32>' has no value: give --input arg0=FILE.npy
// NAME: error: has no input 'y': its inputs are 'arg0'
// FILE: error: input 'arg0' in '{{.*}}x.npy' cannot be opened (No such file or directory): check the path and its permissions
// PAIR: error: --input 'arg0': wanted NAME=FILE or FILE.npz
func.func @input(%x: tensor<2xf32>) -> tensor<2xf32> {
  return %x : tensor<2xf32>
}

// OUTSIDE: error: 'tensor.extract_slice' op takes elements 3 to 4 of dimension 0, which has 4 elements
func.func @outside(%x: tensor<4xf32>) -> tensor<2xf32> {
  %three = arith.constant 3 : index
  %0 = tensor.extract_slice %x[%three] [2] [1] : tensor<4xf32> to tensor<2xf32>
  return %0 : tensor<2xf32>
}

// GENERIC: error: 'linalg.exp' op cannot be executed: it does not implement EvaluableOpInterface
func.func @generic(%x: tensor<4xf32>) -> tensor<4xf32> {
  %e = tensor.empty() : tensor<4xf32>
  %0 = linalg.exp ins(%x : tensor<4xf32>) outs(%e : tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// ABSENT: error: has no function @absent to run

// DYNAMIC: error: input 'arg0' of @dynamic has the type 'tensor<?xf32>'
func.func @dynamic(%x: tensor<?xf32>) -> tensor<?xf32> {
  return %x : tensor<?xf32>
}
