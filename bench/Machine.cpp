//===- Machine.cpp - measures a machine and writes its file ----------------*- C++ -*-===//
//
// Writes the figures of the machine that it runs on as a machine file (docs/machines.md). All are
// of one rank, so it is started as a program would be, with as many ranks and threads.
//
//===----------------------------------------------------------------------===//

#include "bench/Bench.h"
#include "bench/MachineMeasure.h"
#include "dchag/Support/OutputFile.h"
#include "runtime/src/Text.h"
#include "runtime/src/Types.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/xxhash.h"
#include <unistd.h>

using namespace mlir;
using namespace mlir::dchag;
using namespace mlir::dchag::bench;
namespace cl = llvm::cl;

static cl::OptionCategory category("Options");
static cl::opt<std::string> outputFile("o", cl::value_desc("file"), cl::init("-"),
                                       cl::cat(category),
                                       cl::desc("File to write (default: standard output)"));
static cl::opt<std::string>
    machineName("name", cl::cat(category),
                cl::desc("Name of the machine (default: that of the host)"));
static cl::opt<std::string>
    otherNetwork("network", cl::value_desc("file or name"), cl::cat(category),
                 cl::desc("Machine whose levels of the network are taken for more ranks than "
                          "measure; all of its levels if there is one rank"));
static cl::opt<int>
    ranksPerNode("ranks-per-node", cl::cat(category),
                 cl::desc("Ranks in a row that are a node (default: those of a host)"));
static cl::opt<bool>
    quick("quick", cl::cat(category),
          cl::desc("Measure too little for figures that mean something: for tests"));

namespace {
/// A level of the network that is to be measured.
struct Level {
  const char *name;
  int ranks;
  runtime::Comm group; ///< of this rank
};

/// One machine file in the making. All ranks run it; the first one prints and writes.
class Machine {
public:
  Machine(Ranks &ranks, MLIRContext *context)
      : ranks(ranks), context(context), isFirst(ranks.rank() == 0) {}

  /// False after an error, which was printed.
  bool run();

private:
  bool fail(const Twine &reason) const;
  bool prepare();
  bool findNetwork();
  MachineAttr readNetwork(std::string &reason) const;
  bool checkNetwork();
  void say(const Twine &what, const Figure &figure, StringRef unit) const;
  void measure();
  void measureNetwork(raw_ostream &os);
  std::string describeRanks() const;
  std::string describeGiven() const;
  bool write();

  Ranks &ranks;
  MLIRContext *context;
  const bool isFirst;
  Effort effort;
  std::string name, text;
  int threads = 1;
  std::vector<Level> measured;
  SmallVector<NetworkLevelAttr> given;
  std::unique_ptr<OutputFile> output;
};
} // namespace

/// Prints an error that all ranks have found. Always false.
bool Machine::fail(const Twine &reason) const {
  if (isFirst)
    runtime::printLine(stderr, "machine: error: " + reason.str());
  return false;
}

//===----------------------------------------------------------------------===//
// Before anything is measured
//===----------------------------------------------------------------------===//

bool Machine::prepare() {
  if (machineName.getNumOccurrences() && machineName.empty())
    return fail("--name is empty: give the machine a name, or leave it out");
  char host[256] = "";
  gethostname(host, sizeof(host) - 1);
  name = machineName.empty() ? host : machineName.c_str();
  threads = ranks.chooseThreads();
  if (quick) {
    effort.repeats = 3;
    effort.seconds = 1e-3;
    effort.largestSize = 128;
    effort.arrayBytes = effort.messageBytes = 1 << 20;
    effort.exceedsCache = false;
  }
  if (!findNetwork() || !checkNetwork())
    return false;
  // Opened now: after minutes of measuring it would be too late to say that it cannot be written.
  bool failed = false;
  if (isFirst) {
    auto file = OutputFile::open(outputFile);
    failed = !file;
    if (file)
      output = std::move(*file);
    else
      fail(llvm::toString(file.takeError()));
  }
  return !ranks.any(failed);
}

/// Levels to be measured: ranks of a node, and one rank of each node.
bool Machine::findNetwork() {
  int size = ranks.size(), node = ranks.ranksPerHost();
  if (ranksPerNode.getNumOccurrences()) {
    node = ranksPerNode;
    if (node < 1 || size % node != 0)
      return fail("--ranks-per-node is " + Twine(node) + ", which does not divide the " +
                  Twine(size) + (size == 1 ? " rank" : " ranks"));
  }
  if (node == 0) {
    node = 1;
    if (isFirst)
      llvm::errs() << "machine: hosts have different numbers of ranks, or ranks of a host do not "
                      "follow each other: one level of the network is measured\n";
  }
  if (node > 1)
    measured.push_back({"node", node, ranks.split(ranks.rank() / node)});
  if (size > node)
    measured.push_back({"cluster", size, ranks.split(ranks.rank() % node)});
  if (!measured.empty() || otherNetwork.getNumOccurrences())
    return true;
  return fail("one rank alone has no network to measure: start it as programs are started, for "
              "example with mpirun -n 2, or take the levels of another machine by --network=FILE "
              "or --network=default");
}

/// The machine of --network; null with the reason.
MachineAttr Machine::readNetwork(std::string &reason) const {
  if (MachineAttr known = MachineAttr::getNamed(otherNetwork, context))
    return known;
  auto buffer = llvm::MemoryBuffer::getFile(otherNetwork, /*IsText=*/true);
  if (!buffer) {
    reason = "cannot read the machine file '" + otherNetwork + "': " + buffer.getError().message();
    return {};
  }
  ScopedDiagnosticHandler handler(context, [&](Diagnostic &diagnostic) {
    llvm::raw_string_ostream os(reason);
    if (auto loc = dyn_cast<FileLineColLoc>(diagnostic.getLocation()))
      os << loc.getFilename().getValue() << ":" << loc.getLine() << ":" << loc.getColumn() << ": ";
    os << diagnostic.str();
  });
  return MachineAttr::parseFile((*buffer)->getBuffer(), otherNetwork, context);
}

/// Levels that are taken from another machine.
bool Machine::checkNetwork() {
  if (!otherNetwork.getNumOccurrences())
    return true;
  std::string reason;
  MachineAttr other = readNetwork(reason);
  if (ranks.any(!other))
    return fail(other ? "another rank cannot read the file of --network" : reason);
  int64_t inside = measured.empty() ? 1 : measured.back().ranks;
  for (NetworkLevelAttr level : other.getNetwork()) {
    if (level.getRanks() <= inside)
      continue;
    if (level.getRanks() % inside != 0)
      return fail("level \"" + level.getName().getValue() + "\" of --network has " +
                  Twine(level.getRanks()) + " ranks, wanted whole groups of the " + Twine(inside) +
                  " that measure");
    given.push_back(level);
  }
  if (given.empty())
    return fail("--network has no level of more than the " + Twine(inside) +
                " ranks that measure: leave it out");
  return true;
}

//===----------------------------------------------------------------------===//
// Figures
//===----------------------------------------------------------------------===//

void Machine::say(const Twine &what, const Figure &figure, StringRef unit) const {
  if (isFirst)
    llvm::errs() << "machine: " << what << ": " << llvm::format("%.2e", figure.value) << " " << unit
                 << " (" << figure.how
                 << llvm::format("; from %.2e to %.2e)\n", figure.lowest, figure.highest);
}

std::string Machine::describeRanks() const {
  auto count = [](int number, const char *what) {
    return std::to_string(number) + " " + what + (number == 1 ? "" : "s");
  };
  return count(ranks.size(), "rank") + " with " + count(threads, "thread") +
         (ranks.size() == 1 ? "" : " each");
}

/// What is said of levels that are not measured.
std::string Machine::describeGiven() const {
  return "Taken from another machine, not measured: the network" +
         (measured.empty() ? ", because there is one rank"
                           : " beyond " + std::to_string(ranks.size()) + " ranks");
}

void Machine::measureNetwork(raw_ostream &os) {
  constexpr StringRef nextLevel = ",\n             ";
  StringRef separator;
  for (const Level &level : measured) {
    std::string what = "network level \"" + std::string(level.name) + "\", ";
    Figure latency = bench::measureLatency(ranks, level.group, effort);
    say(what + "latency", latency, "s");
    Figure bandwidth = bench::measureBandwidth(ranks, level.group, effort);
    say(what + "bandwidth", bandwidth, "bytes/s");
    os << std::exchange(separator, nextLevel) << "<\"" << level.name
       << "\", ranks = " << level.ranks
       << llvm::format(", bandwidth = %.2e, latency = %.2e>", bandwidth.value, latency.value);
  }
  if (!given.empty() && isFirst)
    llvm::errs() << "machine: " << describeGiven() << "\n";
  for (NetworkLevelAttr level : given) {
    // As it stands in a list of levels: without its name as an attribute.
    std::string whole = llvm::formatv("{0}", Attribute(level)).str();
    os << std::exchange(separator, nextLevel)
       << StringRef(whole).drop_until([](char c) { return c == '<'; });
  }
}

void Machine::measure() {
  if (isFirst)
    llvm::errs() << "machine: " << describeRanks() << "\n";
  llvm::raw_string_ostream os(text);
  os << "// Measured by bench/machine on " << describeRanks() << ".";
  if (!given.empty())
    os << "\n// " << describeGiven() << ".";
  if (quick)
    os << "\n// The measurement was short (--quick): the figures mean nothing.";
  os << "\n#dchag.machine<\"";
  llvm::printEscapedString(name, os);
  os << "\", cores = " << threads << ",\n  flops = [";
  StringRef separator;
  for (int32_t dtype : {DCHAG_F64, DCHAG_F32, DCHAG_BF16, DCHAG_F16}) {
    Figure rate = measureProducts(ranks, dtype, effort);
    say(Twine("products of ") + runtime::nameOf(dtype), rate, "operations/s");
    os << std::exchange(separator, ", ") << runtime::nameOf(dtype)
       << llvm::format(" = %.2e", rate.value);
  }
  Figure memory = measureMemory(ranks, effort);
  say("memory", memory, "bytes/s");
  os << llvm::format("],\n  memory = %.2e,\n  network = [", memory.value);
  measureNetwork(os);
  os << "]>\n";
}

bool Machine::write() {
  if (!isFirst)
    return true;
  // The name and levels come from the user: what is written is what the compiler takes.
  std::string reason;
  ScopedDiagnosticHandler handler(context,
                                  [&](Diagnostic &diagnostic) { reason = diagnostic.str(); });
  if (!MachineAttr::parseFile(text, outputFile, context))
    return fail("what was measured is not a machine file: " + reason);
  output->os() << text;
  if (llvm::Error error = output->keep())
    return fail(llvm::toString(std::move(error)));
  return true;
}

bool Machine::run() {
  if (!prepare())
    return false;
  measure();
  return !ranks.any(!write());
}

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  cl::HideUnrelatedOptions(category);
  std::string message, command;
  llvm::raw_string_ostream errors(message);
  bool isFirst = runtime::readLaunch().rank <= 0;
  if (!cl::ParseCommandLineOptions(argc, argv, "measures this machine and writes a machine file\n",
                                   &errors)) {
    if (isFirst)
      llvm::errs() << message;
    return 1;
  }
  for (const char *argument : ArrayRef(argv, argc))
    command += std::string(argument) + '\n';
  Ranks ranks;
  if (runtime::Error error = ranks.open(llvm::xxh3_64bits(command))) {
    runtime::printLine(stderr, "machine: error: " + error.message());
    return 1;
  }
  std::unique_ptr<MLIRContext> context = makeContext();
  bool isDone = Machine(ranks, context.get()).run();
  ranks.close();
  return isDone ? 0 : 1;
}
