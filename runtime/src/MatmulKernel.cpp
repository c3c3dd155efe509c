//===- MatmulKernel.cpp - matrix products by oneDNN -------------*- C++ -*-===//
//
// oneDNN supports every product, but for some layouts and epilogues only with its reference
// implementation, which is a hundred times slower. Forms are tried from the one that fuses most to
// the one that fuses least until another implementation accepts.
//
//===----------------------------------------------------------------------===//

#include "Context.h"
#include "Matmul.h"

#include <cstring>
#include <oneapi/dnnl/dnnl.h>

using namespace dchag::rt;

namespace dchag::rt {

class Kernel {
public:
  ~Kernel() {
    if (primitive)
      dnnl_primitive_destroy(primitive);
  }

  dnnl_primitive_t primitive = nullptr;
  dnnl_memory_desc_t a, b, c, bias, scratch;
  bool batched = false; ///< otherwise it is called for each matrix
  bool isReference = false;
};

} // namespace dchag::rt

MatmulPlan::MatmulPlan() = default;
MatmulPlan::~MatmulPlan() = default;

static dnnl_engine_t engine() {
  static dnnl_engine_t shared = [] {
    dnnl_engine_t made = nullptr;
    return dnnl_engine_create(&made, dnnl_cpu, 0) == dnnl_success ? made : nullptr;
  }();
  return shared;
}

std::string dchag::rt::productLibrary() {
  const dnnl_version_t *version = dnnl_version();
  return format("oneDNN %d.%d.%d, instruction set %d", version->major, version->minor,
                version->patch, static_cast<int>(dnnl_get_effective_cpu_isa()));
}

static Error libraryFailure(const char *what, dnnl_status_t status) {
  return failure("matrix product: oneDNN failed to %s (status %d)", what, status);
}

/// Normalises the strides of dimensions of size 1. False if neither rows nor columns are dense, or
/// rows overlap: oneDNN has no fast kernel for that.
static bool setDense(MatrixView &view, int64_t rows, int64_t columns, bool rowMajorOnly) {
  if ((view.column == 1 || columns == 1) && (view.row >= columns || rows == 1)) {
    view.column = 1;
    view.row = rows == 1 ? columns : view.row;
    return true;
  }
  if (rowMajorOnly || !(view.row == 1 || rows == 1) || !(view.column >= rows || columns == 1))
    return false;
  view.row = 1;
  view.column = columns == 1 ? rows : view.column;
  return true;
}

/// Uses the operand in place if its layout and type are supported, a dense copy otherwise.
static OperandPlan planOperand(const Product &product, const MatrixView &source, int64_t rows,
                               int64_t columns, int32_t type, bool isResult) {
  OperandPlan plan;
  plan.view = source;
  bool fit = source.dtype == type && setDense(plan.view, rows, columns, isResult);
  for (int32_t d = 0; d < product.numBatch; ++d)
    fit &= source.batch[d] >= 0;
  if (fit)
    return plan;
  plan.copied = true;
  plan.view.dtype = type;
  plan.view.row = columns;
  plan.view.column = 1;
  plan.elements = rows * columns;
  for (int32_t d = product.numBatch - 1; d >= 0; --d) {
    plan.view.batch[d] = source.batch[d] == 0 ? 0 : plan.elements;
    if (source.batch[d] != 0)
      plan.elements *= product.batch[d];
  }
  return plan;
}

static dnnl_data_type_t libraryType(int32_t dtype) {
  return dtype == DCHAG_BF16 ? dnnl_bf16 : dnnl_f32;
}

static dnnl_status_t describe(const Product &product, bool batched, const MatrixView &view,
                              int64_t rows, int64_t columns, dnnl_memory_desc_t &desc) {
  dnnl_dims_t sizes, strides;
  int rank = 0;
  for (int32_t d = 0; batched && d < product.numBatch; ++d, ++rank) {
    bool repeated = view.batch[d] == 0;
    sizes[rank] = repeated ? 1 : product.batch[d];
    strides[rank] = repeated ? rows * columns : view.batch[d];
  }
  sizes[rank] = rows;
  strides[rank++] = view.row;
  sizes[rank] = columns;
  strides[rank++] = view.column;
  return dnnl_memory_desc_init_by_strides(&desc, rank, sizes, libraryType(view.dtype), strides);
}

static dnnl_status_t makeAttributes(const MatmulPlan &plan, bool activation,
                                    dnnl_primitive_attr_t attributes) {
  dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl_scratchpad_mode_user);
  float alpha = static_cast<float>(plan.product.alpha);
  dnnl_status_t status = dnnl_success;
  if (alpha != 1)
    status = dnnl_primitive_attr_set_output_scales(attributes, 1, 0, &alpha);
  dnnl_post_ops_t postOps = nullptr;
  if (status == dnnl_success)
    status = dnnl_post_ops_create(&postOps);
  if (status == dnnl_success && plan.product.accumulate)
    status = dnnl_post_ops_append_sum(postOps, 1);
  static const dnnl_alg_kind_t kinds[] = {dnnl_alg_kind_undef, dnnl_eltwise_gelu_erf,
                                          dnnl_eltwise_gelu_tanh};
  if (status == dnnl_success && activation)
    status = dnnl_post_ops_append_eltwise(postOps, 1, kinds[plan.product.activation], 0, 0);
  if (status == dnnl_success)
    status = dnnl_primitive_attr_set_post_ops(attributes, postOps);
  if (postOps)
    dnnl_post_ops_destroy(postOps);
  return status;
}

/// Creates one form of the product; null if oneDNN does not have it.
static std::unique_ptr<Kernel> makeKernel(const MatmulPlan &plan, bool batched, bool bias,
                                          bool activation) {
  const Product &product = plan.product;
  auto kernel = std::make_unique<Kernel>();
  kernel->batched = batched;
  MatrixView biasView;
  biasView.column = 1;
  biasView.row = product.n;
  if (describe(product, batched, plan.a.view, product.m, product.k, kernel->a) ||
      describe(product, batched, plan.b.view, product.k, product.n, kernel->b) ||
      describe(product, batched, plan.c.view, product.m, product.n, kernel->c) ||
      describe(product, batched, biasView, 1, product.n, kernel->bias))
    return nullptr;
  dnnl_matmul_desc_t desc;
  if (dnnl_matmul_desc_init(&desc, &kernel->a, &kernel->b, bias ? &kernel->bias : nullptr,
                            &kernel->c) != dnnl_success)
    return nullptr;
  dnnl_primitive_attr_t attributes = nullptr;
  if (dnnl_primitive_attr_create(&attributes) != dnnl_success)
    return nullptr;
  dnnl_primitive_desc_t primitiveDesc = nullptr;
  dnnl_status_t status = makeAttributes(plan, activation, attributes);
  if (status == dnnl_success)
    status = dnnl_primitive_desc_create(&primitiveDesc, &desc, attributes, engine(), nullptr);
  dnnl_primitive_attr_destroy(attributes);
  if (status != dnnl_success)
    return nullptr;
  const char *name = "";
  dnnl_primitive_desc_query(primitiveDesc, dnnl_query_impl_info_str, 0, &name);
  kernel->isReference = std::strncmp(name, "ref", 3) == 0;
  if (const dnnl_memory_desc_t *scratch =
          dnnl_primitive_desc_query_md(primitiveDesc, dnnl_query_scratchpad_md, 0))
    kernel->scratch = *scratch;
  else
    std::memset(&kernel->scratch, 0, sizeof(kernel->scratch));
  status = dnnl_primitive_create(&kernel->primitive, primitiveDesc);
  dnnl_primitive_desc_destroy(primitiveDesc);
  return status == dnnl_success ? std::move(kernel) : nullptr;
}

/// Sets the layouts of the operands for operands of `type` and a result of `resultType`.
static void planOperands(MatmulPlan &plan, int32_t type, int32_t resultType) {
  const Product &p = plan.product;
  plan.a = planOperand(p, p.a, p.m, p.k, type, false);
  plan.b = planOperand(p, p.b, p.k, p.n, type, false);
  plan.c = planOperand(p, p.c, p.m, p.n, resultType, true);
}

/// Tries all forms; keeps the first one that is not a reference implementation.
static bool tryForms(MatmulPlan &plan, bool allowReference) {
  const Product &p = plan.product;
  // oneDNN scales the bias too, and takes one that varies along the columns only.
  bool variesAlongColumns = p.bias.column == 1 || p.n == 1;
  for (int32_t d = 0; d < p.numBatch; ++d)
    variesAlongColumns &= p.bias.batch[d] == 0;
  bool biasFits = p.hasBias && p.alpha == 1 && p.bias.dtype == DCHAG_F32 && variesAlongColumns &&
                  (p.bias.row == 0 || p.m == 1);
  bool activation = p.activation != DCHAG_ACT_NONE && (biasFits || !p.hasBias);
  bool changesOutside = plan.c.view.dtype != DCHAG_F32; // would round before the epilogue
  for (bool batched : {true, false})
    for (bool inside : {true, false}) {
      bool nothingOutside = (!p.hasBias || biasFits) && (!p.activation || activation);
      if (!inside && !biasFits && !activation)
        continue;
      if (changesOutside && !(inside && nothingOutside))
        continue;
      auto kernel = makeKernel(plan, batched, inside && biasFits, inside && activation);
      if (!kernel || (kernel->isReference && !allowReference))
        continue;
      plan.kernel = std::move(kernel);
      plan.biasInside = inside && biasFits;
      plan.activationInside = inside && activation;
      return true;
    }
  return false;
}

Error dchag::rt::makePlan(const dchag_matmul &op, MatmulPlan &plan) {
  if (Error error = normalize(op, plan.product))
    return error;
  const Product &p = plan.product;
  if (p.activation < DCHAG_ACT_NONE || p.activation > DCHAG_ACT_GELU_TANH)
    return failure("matrix product with unknown activation %d", p.activation);
  for (int32_t d = 0; d < p.numBatch; ++d)
    if (p.c.batch[d] == 0)
      return failure("matrix product writes one matrix for several of a batch");
  if (p.m == 0 || p.n == 0 || p.numMatrices() == 0)
    return Error::success();
  bool wide = p.a.dtype == DCHAG_F64 || p.b.dtype == DCHAG_F64 || p.c.dtype == DCHAG_F64;
  plan.type = wide ? DCHAG_F64 : DCHAG_F32;
  if (wide || p.k == 0) {
    planOperands(plan, plan.type, plan.type);
    return Error::success();
  }
  if (!engine())
    return failure("matrix product: oneDNN has no CPU engine");
  if (p.a.dtype == DCHAG_BF16 && p.b.dtype == DCHAG_BF16)
    for (int32_t resultType : {DCHAG_BF16, DCHAG_F32}) {
      if (resultType == DCHAG_BF16 && p.c.dtype != DCHAG_BF16)
        continue;
      planOperands(plan, DCHAG_BF16, resultType);
      if (tryForms(plan, /*allowReference=*/false))
        return Error::success();
    }
  planOperands(plan, DCHAG_F32, DCHAG_F32);
  if (tryForms(plan, /*allowReference=*/false) || tryForms(plan, /*allowReference=*/true))
    return Error::success();
  return failure("matrix product %lldx%lldx%lld: oneDNN has no implementation",
                 static_cast<long long>(p.m), static_cast<long long>(p.k),
                 static_cast<long long>(p.n));
}

namespace {

/// oneDNN's handles of the arguments of one call.
class Arguments {
public:
  ~Arguments() {
    for (int i = 0; i < count; ++i)
      dnnl_memory_destroy(args[i].memory);
  }
  dnnl_status_t add(int kind, const dnnl_memory_desc_t &desc, const void *data) {
    dnnl_memory_t memory = nullptr;
    dnnl_status_t status = dnnl_memory_create(&memory, &desc, engine(), const_cast<void *>(data));
    if (status == dnnl_success)
      args[count++] = {kind, memory};
    return status;
  }
  void move(int index, const void *data) {
    dnnl_memory_set_data_handle(args[index].memory, const_cast<void *>(data));
  }

  dnnl_exec_arg_t args[5];
  int count = 0;
};

struct Stream {
  Stream() {
    if (dnnl_stream_create(&handle, engine(), dnnl_stream_default_flags) != dnnl_success)
      handle = nullptr;
  }
  ~Stream() {
    if (handle)
      dnnl_stream_destroy(handle);
  }
  dnnl_stream_t handle = nullptr;
};

} // namespace

static int64_t matrixOffset(const Product &product, const MatrixView &view, int64_t index) {
  int64_t offset = 0;
  for (int32_t d = product.numBatch - 1; d >= 0; --d) {
    offset += index % product.batch[d] * view.batch[d];
    index /= product.batch[d];
  }
  return offset * sizeOf(view.dtype);
}

Error dchag::rt::runKernel(const MatmulPlan &plan, Region &scratch, const void *a, const void *b,
                           const void *bias, void *c) {
  static thread_local Stream stream;
  const Kernel &kernel = *plan.kernel;
  int64_t scratchBytes = dnnl_memory_desc_get_size(&kernel.scratch);
  if (scratchBytes > 0)
    if (Error error = scratch.reserve(scratchBytes, "matrix product"))
      return error;
  Arguments arguments;
  dnnl_status_t status = stream.handle ? dnnl_success : dnnl_runtime_error;
  if (status == dnnl_success)
    status = arguments.add(DNNL_ARG_SRC, kernel.a, a);
  if (status == dnnl_success)
    status = arguments.add(DNNL_ARG_WEIGHTS, kernel.b, b);
  if (status == dnnl_success)
    status = arguments.add(DNNL_ARG_DST, kernel.c, c);
  if (status == dnnl_success && plan.biasInside)
    status = arguments.add(DNNL_ARG_BIAS, kernel.bias, bias);
  if (status == dnnl_success && scratchBytes > 0)
    status = arguments.add(DNNL_ARG_SCRATCHPAD, kernel.scratch, scratch.data());
  int64_t calls = kernel.batched ? 1 : plan.product.numMatrices();
  for (int64_t i = 0; i < calls && status == dnnl_success; ++i) {
    if (calls > 1) {
      arguments.move(0, static_cast<const char *>(a) + matrixOffset(plan.product, plan.a.view, i));
      arguments.move(1, static_cast<const char *>(b) + matrixOffset(plan.product, plan.b.view, i));
      arguments.move(2, static_cast<char *>(c) + matrixOffset(plan.product, plan.c.view, i));
    }
    status =
        dnnl_primitive_execute(kernel.primitive, stream.handle, arguments.count, arguments.args);
  }
  if (status == dnnl_success)
    status = dnnl_stream_wait(stream.handle);
  return status == dnnl_success ? Error::success() : libraryFailure("run", status);
}
