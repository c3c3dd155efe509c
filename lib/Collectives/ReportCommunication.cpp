//===- ReportCommunication.cpp - what a rank sends -------------------------*- C++ -*-===//

#include "Replication.h"
#include "dchag/Collectives/Passes.h"
#include "dchag/Files/Text.h"
#include "dchag/Support/OpOrigin.h"
#include "dchag/Support/OutputFile.h"
#include "dialects/interfaces/CostModel.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"

namespace mlir::dchag {
#define GEN_PASS_DEF_REPORTCOMMUNICATION
#include "dchag/Collectives/Passes.h.inc"
} // namespace mlir::dchag

using namespace mlir;
using namespace mlir::dchag;

static std::string print(llvm::function_ref<void(llvm::raw_ostream &)> write) {
  std::string text;
  llvm::raw_string_ostream os(text);
  write(os);
  return text;
}

namespace {
/// Collectives that are alike.
struct Line {
  std::string function, kind, axes, from, to, source;
  int64_t count = 0;
  double sent = 0, seconds = 0;
};

struct Report {
  SmallVector<Line> lines;
  llvm::MapVector<StringRef, double> byAxes, byKind;
  int64_t count = 0;
  double sent = 0, seconds = 0;

  void total() {
    for (const Line &line : lines) {
      byAxes[line.axes] += line.sent * line.count;
      byKind[line.kind] += line.sent * line.count;
      count += line.count;
      sent += line.sent * line.count;
      seconds += line.seconds * line.count;
    }
  }
};

struct ReportCommunication : mlir::dchag::impl::ReportCommunicationBase<ReportCommunication> {
  using ReportCommunicationBase::ReportCommunicationBase;

  void runOnOperation() override {
    Report report;
    for (auto function : getOperation().getOps<func::FuncOp>())
      function.walk([&](Operation *op) { addOp(report, function, op); });
    report.total();
    if (failed(write(report)))
      return signalPassFailure();
    markAllAnalysesPreserved();
  }

  void addOp(Report &report, func::FuncOp function, Operation *op) {
    CollectiveOpInterface collective = getExchange(op);
    auto name = collective ? collective.getGridSymbol() : FlatSymbolRefAttr();
    auto grid =
        name ? getOperation().lookupSymbol<shard::GridOp>(name.getValue()) : shard::GridOp();
    if (!grid)
      return;
    MeshAttr mesh = MeshAttr::lookup(function);
    SmallVector<std::string> names;
    for (int32_t axis : collective.getMeshAxes())
      names.push_back(mesh ? mesh.getNames()[axis].str() : std::to_string(axis));
    Cost cost = CostModel(MachineAttr::lookup(function), grid.getShape()).getCost(op);
    Line line{function.getName().str(),
              op->getName().stripDialect().str(),
              llvm::join(names, "+"),
              print([&](auto &os) { os << collective.getInput().getType(); }),
              print([&](auto &os) { os << collective.getOutput().getType(); }),
              OpOrigin(op->getLoc()).brief(),
              1,
              cost.sent,
              cost.seconds};
    for (Line &other : report.lines)
      if (std::tie(other.function, other.kind, other.axes, other.from, other.to, other.source) ==
          std::tie(line.function, line.kind, line.axes, line.from, line.to, line.source)) {
        ++other.count;
        return;
      }
    report.lines.push_back(std::move(line));
  }

  LogicalResult write(Report &report) {
    MachineAttr machine = MachineAttr::lookup(getOperation());
    auto print = [&](llvm::raw_ostream &os) {
      StringRef(output).ends_with(".json") ? writeJson(report, machine, os)
                                           : writeText(report, machine, os);
    };
    if (llvm::Error error = OutputFile::write(output, print))
      return getOperation().emitError("the communication report: ")
             << llvm::toString(std::move(error));
    return success();
  }

  static void writeText(Report &report, MachineAttr machine, llvm::raw_ostream &os) {
    os << llvm::formatv("{0,-9} {1,-14} {2,-10} {3,5} {4,14}  {5}\n", "function", "collective",
                        "axes", "count", "bytes sent", "type, source");
    for (const Line &line : report.lines)
      os << llvm::formatv("{0,-9} {1,-14} {2,-10} {3,5} {4,14}  {5} -> {6}, {7}\n",
                          "@" + escapeText(line.function), line.kind, escapeText(line.axes),
                          line.count, int64_t(line.sent * line.count), line.from, line.to,
                          escapeText(line.source));
    for (auto &[axes, sent] : report.byAxes)
      os << llvm::formatv("total over {0}: {1} bytes sent a rank\n", escapeText(axes),
                          int64_t(sent));
    for (auto &[kind, sent] : report.byKind)
      os << llvm::formatv("total by {0}: {1} bytes sent a rank\n", kind, int64_t(sent));
    os << llvm::formatv("total: {0} collectives, {1} bytes sent a rank\n", report.count,
                        int64_t(report.sent));
    os << llvm::formatv("estimated: {0:E3} s one after the other on machine {1}\n", report.seconds,
                        escapeText(machine.getName().getValue()));
  }

  static void writeJson(Report &report, MachineAttr machine, llvm::raw_ostream &os) {
    llvm::json::OStream json(os, 1);
    auto writeTotals = [&](StringRef name, llvm::MapVector<StringRef, double> &totals) {
      json.attributeObject(name, [&] {
        for (auto &[key, sent] : totals)
          json.attribute(key, int64_t(sent));
      });
    };
    json.object([&] {
      json.attributeArray("collectives", [&] {
        for (const Line &line : report.lines)
          json.object([&] {
            json.attribute("function", line.function);
            json.attribute("collective", line.kind);
            json.attribute("axes", line.axes);
            json.attribute("count", line.count);
            json.attribute("bytes_sent_each", int64_t(line.sent));
            json.attribute("seconds_each", line.seconds);
            json.attribute("from", line.from);
            json.attribute("to", line.to);
            json.attribute("source", line.source);
          });
      });
      writeTotals("bytes_sent_by_axes", report.byAxes);
      writeTotals("bytes_sent_by_collective", report.byKind);
      json.attribute("collectives_in_all", report.count);
      json.attribute("bytes_sent", int64_t(report.sent));
      json.attribute("seconds", report.seconds);
      json.attribute("machine", machine.getName().getValue());
    });
    os << "\n";
  }
};
} // namespace
