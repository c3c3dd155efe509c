//===- RaiseGelu.cpp - recognises GELU --------------------------------------*- C++ -*-===//

#include "dchag/Raise/Passes.h"
#include "dchag/Views/IndexNotation.h"
#include "dialects/dchag/Dchag.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"

namespace mlir::dchag {
#define GEN_PASS_DEF_RAISEGELU
#include "dchag/Raise/Passes.h.inc"
} // namespace mlir::dchag

using namespace mlir;
using namespace mlir::dchag;

namespace {
/// coefficient * the product of the factors.
struct Monomial {
  double coefficient = 1;
  SmallVector<Value> factors;
};
/// The sum of monomials and a number.
struct Polynomial {
  double constant = 0;
  SmallVector<Monomial> terms;
};
} // namespace

static bool isNear(double number, double wanted) {
  return std::abs(number - wanted) <= 1e-6 * std::abs(wanted);
}

static void collectFactors(Value value, Monomial &monomial) {
  if (std::optional<double> splat = getSplat(value)) {
    monomial.coefficient *= *splat;
    return;
  }
  if (auto mul = value.getDefiningOp<arith::MulFOp>()) {
    collectFactors(mul.getLhs(), monomial);
    collectFactors(mul.getRhs(), monomial);
    return;
  }
  if (auto div = value.getDefiningOp<arith::DivFOp>()) {
    if (std::optional<double> splat = getSplat(div.getRhs()); splat && *splat != 0) {
      collectFactors(div.getLhs(), monomial);
      monomial.coefficient /= *splat;
      return;
    }
  }
  // x^3
  if (auto power = value.getDefiningOp<math::PowFOp>()) {
    std::optional<double> exponent = getSplat(power.getRhs());
    if (exponent && (*exponent == 2 || *exponent == 3)) {
      monomial.factors.append(static_cast<unsigned>(*exponent), power.getLhs());
      return;
    }
  }
  monomial.factors.push_back(value);
}

static void collectTerms(Value value, double coefficient, Polynomial &polynomial) {
  if (auto add = value.getDefiningOp<arith::AddFOp>()) {
    collectTerms(add.getLhs(), coefficient, polynomial);
    collectTerms(add.getRhs(), coefficient, polynomial);
    return;
  }
  Monomial monomial;
  monomial.coefficient = coefficient;
  collectFactors(value, monomial);
  // A product of constants and one sum is a sum.
  if (monomial.factors.size() == 1 && monomial.factors[0].getDefiningOp<arith::AddFOp>())
    return collectTerms(monomial.factors[0], monomial.coefficient, polynomial);
  if (monomial.factors.empty())
    polynomial.constant += monomial.coefficient;
  else
    polynomial.terms.push_back(monomial);
}

/// Whether `argument` is x / sqrt 2.
static bool isErfArgument(Value argument, Value x) {
  Monomial monomial;
  collectFactors(argument, monomial);
  return monomial.factors.size() == 1 && monomial.factors[0] == x &&
         isNear(monomial.coefficient, std::sqrt(0.5));
}

/// Multiplies out a monomial that has a sum as a factor.
static SmallVector<Monomial> expand(const Monomial &monomial) {
  for (auto [i, factor] : llvm::enumerate(monomial.factors)) {
    if (!factor.getDefiningOp<arith::AddFOp>())
      continue;
    Polynomial sum;
    collectTerms(factor, 1, sum);
    SmallVector<Monomial> result;
    Monomial rest = monomial;
    rest.factors.erase(rest.factors.begin() + i);
    if (sum.constant != 0) {
      Monomial &term = result.emplace_back(rest);
      term.coefficient *= sum.constant;
    }
    for (const Monomial &part : sum.terms) {
      Monomial &term = result.emplace_back(rest);
      term.coefficient *= part.coefficient;
      llvm::append_range(term.factors, part.factors);
    }
    return result;
  }
  return {monomial};
}

/// Whether `argument` is sqrt(2/pi) (x + 0.044715 x^3).
static bool isTanhArgument(Value argument, Value x) {
  Polynomial polynomial;
  collectTerms(argument, 1, polynomial);
  SmallVector<Monomial> terms;
  for (const Monomial &monomial : polynomial.terms)
    llvm::append_range(terms, expand(monomial));
  if (polynomial.constant != 0 || terms.size() != 2)
    return false;
  if (terms[0].factors.size() > terms[1].factors.size())
    std::swap(terms[0], terms[1]);
  double scale = std::sqrt(2 / 3.14159265358979323846);
  auto isPower = [&](const Monomial &term, unsigned power, double coefficient) {
    return term.factors.size() == power && llvm::all_equal(term.factors) && term.factors[0] == x &&
           isNear(term.coefficient, coefficient);
  };
  return isPower(terms[0], 1, scale) && isPower(terms[1], 3, scale * 0.044715);
}

/// The form of a product that is x/2 (1 + f(x)).
static std::optional<GeluKind> matchGelu(arith::MulFOp op, Value &x) {
  Monomial monomial;
  collectFactors(op.getResult(), monomial);
  if (monomial.factors.size() != 2)
    return std::nullopt;
  for (unsigned side : {0, 1}) {
    Polynomial gate;
    collectTerms(monomial.factors[side], monomial.coefficient, gate);
    x = monomial.factors[1 - side];
    if (gate.terms.size() != 1 || gate.terms[0].factors.size() != 1 ||
        !isNear(gate.constant, 0.5) || !isNear(gate.terms[0].coefficient, 0.5))
      continue;
    Operation *function = gate.terms[0].factors[0].getDefiningOp();
    if (isa_and_nonnull<math::ErfOp>(function) && isErfArgument(function->getOperand(0), x))
      return GeluKind::Erf;
    if (isa_and_nonnull<math::TanhOp>(function) && isTanhArgument(function->getOperand(0), x))
      return GeluKind::Tanh;
  }
  return std::nullopt;
}

namespace {
struct RaiseGelu : mlir::dchag::impl::RaiseGeluBase<RaiseGelu> {
  void runOnOperation() override {
    if (!hasStaticShapes(getOperation()))
      return;
    for (Block &block : getOperation().getBody()) {
      SmallVector<arith::MulFOp> ops(block.getOps<arith::MulFOp>());
      for (arith::MulFOp op : ops) {
        Value x;
        std::optional<GeluKind> kind = matchGelu(op, x);
        if (!kind || !isa<RankedTensorType>(op.getType()))
          continue;
        OpBuilder b(op);
        op.getResult().replaceAllUsesWith(GeluOp::create(b, op.getLoc(), op.getType(), x,
                                                         GeluKindAttr::get(&getContext(), *kind)));
      }
      eraseDeadOps(block);
    }
  }
};
} // namespace
