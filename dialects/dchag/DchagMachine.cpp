//===- DchagMachine.cpp - what a program runs on ---------------------------*- C++ -*-===//

#include "dialects/dchag/Dchag.h"
#include "dialects/dchag/OpUtils.h"
#include "mlir/AsmParser/AsmParser.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/StringSet.h"
#include <cmath>

using namespace mlir;
using namespace mlir::dchag;

//===----------------------------------------------------------------------===//
// Text
//===----------------------------------------------------------------------===//

namespace {
/// A figure `key = ...` of a list.
struct Figure {
  StringRef key, meaning;
  llvm::function_ref<ParseResult()> parse;
  bool seen = false;
};
} // namespace

/// Parses figures in any order up to `>`; each must be there, once.
static ParseResult parseFigures(AsmParser &parser, StringRef owner,
                                MutableArrayRef<Figure> figures) {
  SMLoc start = parser.getCurrentLocation();
  while (succeeded(parser.parseOptionalComma())) {
    StringRef key;
    SMLoc loc = parser.getCurrentLocation();
    if (parser.parseKeyword(&key))
      return failure();
    auto *figure = llvm::find_if(figures, [&](const Figure &f) { return f.key == key; });
    if (figure == figures.end())
      return parser.emitError(loc) << owner << " has no figure '" << key << "'";
    if (std::exchange(figure->seen, true))
      return parser.emitError(loc) << owner << " must have '" << key << "' once: got it twice";
    if (parser.parseEqual() || figure->parse())
      return failure();
  }
  for (const Figure &figure : figures)
    if (!figure.seen)
      return parser.emitError(start)
             << owner << " must have '" << figure.key << "', " << figure.meaning << ": missing";
  return parser.parseGreater();
}

static bool isFigure(FloatAttr value) {
  double number = value.getValueAsDouble();
  return number > 0 && std::isfinite(number);
}

Attribute NetworkLevelAttr::parse(AsmParser &parser, Type) {
  StringAttr name;
  int64_t ranks = 0;
  FloatAttr bandwidth, latency;
  SMLoc loc = parser.getCurrentLocation();
  auto parseRanks = [&] { return parser.parseInteger(ranks); };
  auto parseBandwidth = [&] { return parseNumber(parser, bandwidth); };
  auto parseLatency = [&] { return parseNumber(parser, latency); };
  Figure figures[] = {{"ranks", "the ranks of a group", parseRanks},
                      {"bandwidth", "bytes/s that a rank sends", parseBandwidth},
                      {"latency", "seconds of an empty message", parseLatency}};
  if (parser.parseLess() || parser.parseAttribute(name) ||
      parseFigures(parser, ("network level \"" + name.getValue() + "\"").str(), figures))
    return {};
  return parser.getChecked<NetworkLevelAttr>(loc, parser.getContext(), name, ranks, bandwidth,
                                             latency);
}

void NetworkLevelAttr::print(AsmPrinter &printer) const {
  printer << "<" << getName() << ", ranks = " << getRanks() << ", bandwidth = ";
  printNumber(printer, getBandwidthAttr());
  printer << ", latency = ";
  printNumber(printer, getLatencyAttr());
  printer << ">";
}

LogicalResult NetworkLevelAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                       StringAttr name, int64_t ranks, FloatAttr bandwidth,
                                       FloatAttr latency) {
  if (name.getValue().empty())
    return emitError() << "(H5) network level must have a name";
  if (ranks < 2)
    return emitError() << "(H5) network level " << name << " must have 'ranks' of at least 2: got "
                       << ranks;
  for (auto [key, value] : {std::pair("bandwidth", bandwidth), std::pair("latency", latency)})
    if (!isFigure(value))
      return emitError() << "(H4) network level " << name << " must have a positive, finite '"
                         << key << "': got " << value.getValueAsDouble();
  return success();
}

Attribute MachineAttr::parse(AsmParser &parser, Type) {
  StringAttr name;
  int64_t cores = 0;
  SmallVector<FloatType> types;
  SmallVector<FloatAttr> rates;
  FloatAttr memory;
  SmallVector<NetworkLevelAttr> network;
  auto square = AsmParser::Delimiter::Square;
  SMLoc loc = parser.getCurrentLocation();
  auto parseRate = [&]() -> ParseResult {
    SMLoc at = parser.getCurrentLocation();
    Type type;
    if (parser.parseType(type))
      return failure();
    if (!isa<FloatType>(type))
      return parser.emitError(at) << "(H3) machine " << name
                                  << " must have 'flops' of types of floats: got " << type;
    types.push_back(cast<FloatType>(type));
    return failure(parser.parseEqual() || parseNumber(parser, rates.emplace_back()));
  };
  auto parseLevel = [&]() -> ParseResult {
    network.push_back(cast_or_null<NetworkLevelAttr>(NetworkLevelAttr::parse(parser, Type())));
    return success(network.back() != nullptr);
  };
  auto parseCores = [&] { return parser.parseInteger(cores); };
  auto parseRates = [&] { return parser.parseCommaSeparatedList(square, parseRate); };
  auto parseMemory = [&] { return parseNumber(parser, memory); };
  auto parseNetwork = [&] { return parser.parseCommaSeparatedList(square, parseLevel); };
  Figure figures[] = {{"cores", "the cores of a rank", parseCores},
                      {"flops", "operations/s by element type", parseRates},
                      {"memory", "bytes/s to and from memory", parseMemory},
                      {"network", "levels from the innermost to the outermost", parseNetwork}};
  if (parser.parseLess() || parser.parseAttribute(name) ||
      parseFigures(parser, ("machine \"" + name.getValue() + "\"").str(), figures))
    return {};
  return parser.getChecked<MachineAttr>(loc, parser.getContext(), name, cores, ArrayRef(types),
                                        ArrayRef(rates), memory, ArrayRef(network));
}

void MachineAttr::print(AsmPrinter &printer) const {
  printer << "<" << getName() << ", cores = " << getCores() << ", flops = [";
  llvm::interleaveComma(llvm::zip_equal(getTypes(), getRates()), printer, [&](auto entry) {
    printer << std::get<0>(entry) << " = ";
    printNumber(printer, std::get<1>(entry));
  });
  printer << "], memory = ";
  printNumber(printer, getMemoryAttr());
  printer << ", network = [";
  llvm::interleaveComma(getNetwork(), printer,
                        [&](NetworkLevelAttr level) { level.print(printer); });
  printer << "]>";
}

LogicalResult MachineAttr::verify(function_ref<InFlightDiagnostic()> emitError, StringAttr name,
                                  int64_t cores, ArrayRef<FloatType> types,
                                  ArrayRef<FloatAttr> rates, FloatAttr memory,
                                  ArrayRef<NetworkLevelAttr> network) {
  if (name.getValue().empty())
    return emitError() << "(H1) machine must have a name";
  if (cores < 1)
    return emitError() << "(H2) machine " << name << " must have 'cores' of at least 1: got "
                       << cores;
  if (types.empty() || types.size() != rates.size())
    return emitError() << "(H3) machine " << name << " must have 'flops' of at least one type";
  for (auto [index, type] : llvm::enumerate(types)) {
    if (llvm::is_contained(types.take_front(index), type))
      return emitError() << "(H3) machine " << name << " must have 'flops' of a type once: got "
                         << type << " twice";
    if (!isFigure(rates[index]))
      return emitError() << "(H4) machine " << name << " must have positive, finite 'flops' of "
                         << type << ": got " << rates[index].getValueAsDouble();
  }
  if (!isFigure(memory))
    return emitError() << "(H4) machine " << name << " must have a positive, finite 'memory': got "
                       << memory.getValueAsDouble();
  if (network.empty())
    return emitError() << "(H5) machine " << name << " must have a level in 'network'";
  for (size_t i = 1; i < network.size(); ++i)
    if (network[i].getRanks() <= network[i - 1].getRanks() ||
        network[i].getRanks() % network[i - 1].getRanks() != 0)
      return emitError() << "(H5) network level " << network[i].getName()
                         << " must have 'ranks' of several groups of " << network[i - 1].getRanks()
                         << ": got " << network[i].getRanks();
  return success();
}

//===----------------------------------------------------------------------===//
// Figures
//===----------------------------------------------------------------------===//

double MachineAttr::getRate(Type type) const {
  FloatAttr best, widest;
  unsigned bits = type.isIntOrFloat() ? type.getIntOrFloatBitWidth() : 64;
  unsigned bestBits = ~0u, widestBits = 0;
  for (auto [listed, rate] : llvm::zip_equal(getTypes(), getRates())) {
    unsigned width = Type(listed).getIntOrFloatBitWidth();
    if (listed == type)
      return rate.getValueAsDouble();
    if (width >= bits && width < bestBits)
      best = rate, bestBits = width;
    if (width > widestBits)
      widest = rate, widestBits = width;
  }
  return (best ? best : widest).getValueAsDouble();
}

//===----------------------------------------------------------------------===//
// Files
//===----------------------------------------------------------------------===//

namespace {
struct MachineFile {
  StringRef name, text;
};
} // namespace

/// The folder machines, embedded when the compiler is built.
static const MachineFile machineFiles[] = {
#include "machines/Machines.inc"
};

/// The text after the leading comments: with them upstream's parser reports trailing characters at
/// its end.
static StringRef skipComments(StringRef text) {
  StringRef rest = text.ltrim();
  while (rest.consume_front("//"))
    rest = rest.drop_until([](char c) { return c == '\n'; }).ltrim();
  return rest;
}

SmallVector<StringRef> MachineAttr::getNames() {
  return llvm::map_to_vector(machineFiles, [](const MachineFile &file) { return file.name; });
}

MachineAttr MachineAttr::getNamed(StringRef name, MLIRContext *context) {
  for (const MachineFile &file : machineFiles)
    if (file.name == name)
      return dyn_cast_or_null<MachineAttr>(parseAttribute(skipComments(file.text), context));
  return {};
}

MachineAttr MachineAttr::lookup(Operation *op) {
  auto module = dyn_cast<ModuleOp>(op);
  if (!module)
    module = op->getParentOfType<ModuleOp>();
  auto machine = module ? module->getAttrOfType<MachineAttr>(attrName) : MachineAttr();
  return machine ? machine : getNamed("default", op->getContext());
}

MachineAttr MachineAttr::parseFile(StringRef text, StringRef path, MLIRContext *context) {
  auto at = [&](unsigned line, unsigned column) {
    return FileLineColLoc::get(context, path, line, column);
  };
  // Only a machine attribute is given to the parser: a machine file is not a program.
  StringRef rest = skipComments(text);
  unsigned before = text.drop_back(rest.size()).count('\n'), line = before + 1;
  if (!rest.starts_with("#dchag.machine<")) {
    emitError(at(line, 1))
        << "a machine file must hold #dchag.machine<...>, as those in the folder "
           "machines do: got another text";
    return {};
  }
  // The parser does not get the name of the file.
  std::string message;
  unsigned column = 1;
  Attribute attr;
  {
    ScopedDiagnosticHandler handler(context, [&](Diagnostic &diagnostic) {
      if (message.empty()) {
        if (auto loc = dyn_cast<FileLineColLoc>(diagnostic.getLocation())) {
          line = before + loc.getLine();
          column = loc.getColumn();
        }
        message = diagnostic.str();
        for (Diagnostic &note : diagnostic.getNotes())
          message += " (" + note.str() + ")";
      }
    });
    attr = parseAttribute(rest, context);
  }
  if (!attr)
    emitError(at(line, column)) << (message.empty() ? "is not a machine file" : message);
  return dyn_cast_or_null<MachineAttr>(attr);
}
