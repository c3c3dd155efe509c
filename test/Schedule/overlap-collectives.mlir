// RUN: dchag-opt %s --overlap-collectives | FileCheck %s
// RUN: dchag-opt %s --overlap-collectives -o /dev/null 2>&1 | grep -c 'remark: .* runs at the same time as' | FileCheck %s --check-prefix=OVERLAPPED
// OVERLAPPED: 8
// RUN: dchag-opt %s --overlap-collectives -o /dev/null 2>&1 | grep -c 'remark: .* is waited for at once: no other op is independent' | FileCheck %s --check-prefix=BLOCKING
// BLOCKING: 4

dchag_rt.kernel @fill(%out: memref<2x3xf32>) {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%out : memref<2x3xf32>)
  dchag_rt.return
}
dchag_rt.kernel @copy(%in: memref<2x3xf32>, %out: memref<2x3xf32>) {
  linalg.copy ins(%in : memref<2x3xf32>) outs(%out : memref<2x3xf32>)
  dchag_rt.return
}
dchag_rt.kernel @copy_all(%in: memref<2x2x3xf32>, %out: memref<2x2x3xf32>) {
  linalg.copy ins(%in : memref<2x2x3xf32>) outs(%out : memref<2x2x3xf32>)
  dchag_rt.return
}
func.func private @unknown()

// The start goes behind the writer of the source, and takes along what names the buffers; the
// wait goes before the reader of the result.
// CHECK-LABEL: func.func @both_ways(
func.func @both_ways() {
  // CHECK: %[[X:.+]] = memref.alloc() : memref<2x3xf32>
  // CHECK: dchag_rt.launch @fill outs(%[[X]] : 
  // CHECK: %[[Y:.+]] = memref.alloc() : memref<12xf32>
  // CHECK: %[[V:.+]] = dchag_rt.view %[[Y]][0]
  // CHECK: %[[R:.+]] = dchag_rt.start {
  // CHECK-NEXT: dchag_rt.all_gather %[[X]] outs(%[[V]])
  // CHECK: dchag_rt.launch @fill outs(%[[Z:[a-z0-9_]+]] : 
  // CHECK: dchag_rt.launch @copy ins(%[[X]] : {{.+}}) outs(%[[Z]] : 
  // CHECK: dchag_rt.wait %[[R]] source(%[[X]] : memref<2x3xf32>) outs(%[[V]] : memref<2x2x3xf32>)
  // CHECK-NEXT: dchag_rt.launch @copy_all ins(%[[V]] : {{.+}}) outs(%{{.+}} : 
  %x = memref.alloc() : memref<2x3xf32>
  %z = memref.alloc() : memref<2x3xf32>
  dchag_rt.launch @fill outs(%x : memref<2x3xf32>)
  dchag_rt.launch @fill outs(%z : memref<2x3xf32>)
  %y = memref.alloc() : memref<12xf32>
  %v = dchag_rt.view %y[0] : memref<12xf32> -> memref<2x2x3xf32>
  dchag_rt.all_gather %x outs(%v) {axes = array<i32: 0>, site = 0 : i32} : (memref<2x3xf32>, memref<2x2x3xf32>) -> ()
  dchag_rt.launch @copy ins(%x : memref<2x3xf32>) outs(%z : memref<2x3xf32>)
  %w = memref.alloc() : memref<2x2x3xf32>
  dchag_rt.launch @copy_all ins(%v : memref<2x2x3xf32>) outs(%w : memref<2x2x3xf32>)
  return
}

// A writer of the source ends the span, also through a view; a reader does not.
// CHECK-LABEL: func.func @source_is_written(
func.func @source_is_written() {
  %x = memref.alloc() : memref<2x3xf32>
  %y = memref.alloc() : memref<2x2x3xf32>
  %z = memref.alloc() : memref<2x3xf32>
  // CHECK: %[[R:.+]] = dchag_rt.start {
  // CHECK: dchag_rt.launch @copy
  // CHECK: dchag_rt.wait %[[R]]
  // CHECK: dchag_rt.launch @copy
  dchag_rt.all_gather %x outs(%y) {axes = array<i32: 0>, site = 1 : i32} : (memref<2x3xf32>, memref<2x2x3xf32>) -> ()
  dchag_rt.launch @copy ins(%x : memref<2x3xf32>) outs(%z : memref<2x3xf32>)
  %v = dchag_rt.view %x[0] : memref<2x3xf32> -> memref<2x3xf32>
  dchag_rt.launch @copy ins(%z : memref<2x3xf32>) outs(%v : memref<2x3xf32>)
  return
}

// One entry of the table under two names is one buffer; the end of the function ends the span.
// CHECK-LABEL: func.func @table(
func.func @table(%context: !dchag_rt.context, %table: !dchag_rt.buffers) {
  %x = dchag_rt.buffer %table[0] : memref<2x3xf32>
  %y = dchag_rt.buffer %table[1] : memref<2x2x3xf32>
  // CHECK: dchag_rt.launch @fill
  // CHECK: %[[R:.+]] = dchag_rt.start {
  // CHECK: dchag_rt.launch @fill
  // CHECK: dchag_rt.wait %[[R]]
  // CHECK-NEXT: return
  %same = dchag_rt.buffer %table[0] : memref<2x3xf32>
  %other = dchag_rt.buffer %table[2] : memref<2x3xf32>
  dchag_rt.launch @fill outs(%same : memref<2x3xf32>)
  dchag_rt.launch @fill outs(%other : memref<2x3xf32>)
  dchag_rt.all_gather %x outs(%y) {axes = array<i32: 0>, site = 2 : i32} : (memref<2x3xf32>, memref<2x2x3xf32>) -> ()
  return
}

// All of them keep their order; an all-reduce is in place, so that a reader ends its span.
// CHECK-LABEL: func.func @order(
func.func @order() {
  %x = memref.alloc() : memref<2x3xf32>
  %y = memref.alloc() : memref<2x3xf32>
  %z = memref.alloc() : memref<2x3xf32>
  // CHECK: dchag_rt.launch @fill outs(%[[X:[a-z0-9_]+]] : 
  // CHECK: %[[R:.+]] = dchag_rt.start {
  // CHECK-NEXT: dchag_rt.all_reduce outs(%[[X]]) {axes = array<i32: 0>, site = 3 : i32}
  // CHECK: dchag_rt.launch @fill outs(%[[Y:[a-z0-9_]+]] : 
  // CHECK: %[[S:.+]] = dchag_rt.start {
  // CHECK-NEXT: dchag_rt.all_reduce outs(%[[Y]]) {axes = array<i32: 0>, site = 4 : i32}
  // CHECK: dchag_rt.launch @fill outs(%[[Z:[a-z0-9_]+]] : 
  // CHECK: dchag_rt.wait %[[R]] outs(%[[X]] : memref<2x3xf32>)
  // CHECK-NEXT: dchag_rt.launch @copy ins(%[[X]] : {{.+}}) outs(%[[Z]] : 
  // CHECK: dchag_rt.wait %[[S]] outs(%[[Y]] : memref<2x3xf32>)
  // CHECK-NEXT: dchag_rt.launch @copy ins(%[[Y]] : {{.+}}) outs(%[[Z]] : 
  dchag_rt.launch @fill outs(%x : memref<2x3xf32>)
  dchag_rt.all_reduce outs(%x) {axes = array<i32: 0>, site = 3 : i32} : (memref<2x3xf32>) -> ()
  dchag_rt.launch @fill outs(%y : memref<2x3xf32>)
  dchag_rt.launch @fill outs(%z : memref<2x3xf32>)
  dchag_rt.all_reduce outs(%y) {axes = array<i32: 0>, site = 4 : i32} : (memref<2x3xf32>) -> ()
  dchag_rt.launch @copy ins(%x : memref<2x3xf32>) outs(%z : memref<2x3xf32>)
  dchag_rt.launch @copy ins(%y : memref<2x3xf32>) outs(%z : memref<2x3xf32>)
  return
}

// A start does not pass a collective that stays as it is, though nothing else is in its way.
// CHECK-LABEL: func.func @behind_blocking(
func.func @behind_blocking() {
  %x = memref.alloc() : memref<2x3xf32>
  %y = memref.alloc() : memref<2x3xf32>
  %z = memref.alloc() : memref<2x3xf32>
  // CHECK: dchag_rt.launch @fill outs(%[[X:[a-z0-9_]+]] : 
  // CHECK-NEXT: dchag_rt.all_reduce outs(%[[X]])
  // CHECK-NEXT: dchag_rt.launch @copy ins(%[[X]]
  // CHECK-NEXT: dchag_rt.all_reduce outs(%{{.+}}) {axes = array<i32: 0>, site = 6 : i32}
  // CHECK-NEXT: dchag_rt.launch @copy
  dchag_rt.launch @fill outs(%x : memref<2x3xf32>)
  dchag_rt.all_reduce outs(%x) {axes = array<i32: 0>, site = 5 : i32} : (memref<2x3xf32>) -> ()
  dchag_rt.launch @copy ins(%x : memref<2x3xf32>) outs(%y : memref<2x3xf32>)
  dchag_rt.all_reduce outs(%y) {axes = array<i32: 0>, site = 6 : i32} : (memref<2x3xf32>) -> ()
  dchag_rt.launch @copy ins(%y : memref<2x3xf32>) outs(%z : memref<2x3xf32>)
  return
}

// What is not known is not passed: a function without a body, and buffers that may be any.
// CHECK-LABEL: func.func @unknown_effects(
func.func @unknown_effects(%a: memref<2x3xf32>) {
  %x = memref.alloc() : memref<2x3xf32>
  // CHECK: call @unknown
  // CHECK-NEXT: dchag_rt.all_reduce
  // CHECK-NEXT: call @unknown
  call @unknown() : () -> ()
  dchag_rt.all_reduce outs(%x) {axes = array<i32: 0>, site = 7 : i32} : (memref<2x3xf32>) -> ()
  call @unknown() : () -> ()
  // CHECK: %[[R:.+]] = dchag_rt.start {
  // CHECK: dchag_rt.launch @fill outs(%[[X:[a-z0-9_]+]] : 
  // CHECK-NEXT: dchag_rt.wait %[[R]] outs(%[[A:[a-z0-9_]+]] : memref<2x3xf32>)
  // CHECK-NEXT: dchag_rt.launch @fill outs(%[[A]] : 
  dchag_rt.all_reduce outs(%a) {axes = array<i32: 0>, site = 8 : i32} : (memref<2x3xf32>) -> ()
  dchag_rt.launch @fill outs(%x : memref<2x3xf32>)
  dchag_rt.launch @fill outs(%a : memref<2x3xf32>)
  return
}

// Each of two arguments may be the other.
// CHECK-LABEL: func.func @arguments(
func.func @arguments(%a: memref<2x3xf32>, %b: memref<2x3xf32>) {
  // CHECK-NOT: dchag_rt.start
  // CHECK: dchag_rt.all_reduce
  // CHECK-NEXT: dchag_rt.launch @fill
  dchag_rt.all_reduce outs(%a) {axes = array<i32: 0>, site = 9 : i32} : (memref<2x3xf32>) -> ()
  dchag_rt.launch @fill outs(%b : memref<2x3xf32>)
  return
}

// The other kinds; only the second has something else to do beside it than to wait for the first.
// CHECK-LABEL: func.func @kinds(
func.func @kinds() {
  %x = memref.alloc() : memref<2x2x3xf32>
  %y = memref.alloc() : memref<2x3xf32>
  %u = memref.alloc() : memref<2x2x3xf32>
  %v = memref.alloc() : memref<2x2x3xf32>
  // CHECK: %[[R:.+]] = dchag_rt.start {
  // CHECK-NEXT: dchag_rt.reduce_scatter
  // CHECK: %[[S:.+]] = dchag_rt.start {
  // CHECK-NEXT: dchag_rt.all_to_all
  // CHECK: dchag_rt.wait %[[R]] source
  // CHECK-NEXT: dchag_rt.launch @fill
  // CHECK-NEXT: dchag_rt.wait %[[S]] source
  // CHECK-NEXT: return
  dchag_rt.reduce_scatter %x outs(%y) {axes = array<i32: 0>, site = 10 : i32} : (memref<2x2x3xf32>, memref<2x3xf32>) -> ()
  dchag_rt.all_to_all %u outs(%v) {axes = array<i32: 0>, site = 11 : i32} : (memref<2x2x3xf32>, memref<2x2x3xf32>) -> ()
  dchag_rt.launch @fill outs(%y : memref<2x3xf32>)
  return
}
