# Helpers for the one shared library and its generated files.

# Creates libdchag; folders add to it with dchag_sources().
function(dchag_add_library)
  add_library(dchag SHARED)
  target_compile_options(dchag PRIVATE -fno-rtti -fno-exceptions -Wall -Wextra)
  target_link_libraries(dchag PUBLIC MLIR LLVM)
  target_precompile_headers(dchag PRIVATE ${CMAKE_SOURCE_DIR}/lib/Precompiled.h)
  set_target_properties(dchag PROPERTIES PCH_INSTANTIATE_TEMPLATES OFF)
  # Without this the header's time stamp makes every compilation a ccache miss.
  target_compile_options(dchag PRIVATE "$<$<CXX_COMPILER_ID:Clang>:SHELL:-Xclang -fno-pch-timestamp>")
  # A precompiled header embeds the path of its build folder. It holds upstream headers only, so
  # ccache may take it for equal wherever its source, compiler and flags are.
  file(SHA256 ${CMAKE_SOURCE_DIR}/lib/Precompiled.h checksum)
  string(SHA256 checksum "${checksum} ${LLVM_PACKAGE_VERSION} ${CMAKE_CXX_COMPILER_VERSION} ${CMAKE_BUILD_TYPE} ${CMAKE_CXX_FLAGS}")
  file(WRITE ${CMAKE_BINARY_DIR}/CMakeFiles/dchag.dir/cmake_pch.hxx.pch.sum ${checksum})
  add_custom_target(dchag-headers)
  add_dependencies(dchag dchag-headers)
endfunction()

# dchag_sources(A.cpp B.cpp): adds the files of this folder to libdchag.
function(dchag_sources)
  list(TRANSFORM ARGN PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/)
  target_sources(dchag PRIVATE ${ARGN})
endfunction()

# dchag_passes(Fold): declarations of the passes in this folder's Passes.td.
function(dchag_passes name)
  set(LLVM_TARGET_DEFINITIONS Passes.td)
  mlir_tablegen(Passes.h.inc -gen-pass-decls -name Dchag${name})
  add_public_tablegen_target(Dchag${name}PassesIncGen)
  add_dependencies(dchag-headers Dchag${name}PassesIncGen)
endfunction()

# dchag_interface(Evaluable [attr]): an interface of ops, or of attributes:
# interfaces/Evaluable.td -> Evaluable.{h,cpp}.inc
function(dchag_interface name)
  set(kind op)
  if(ARGN)
    set(kind ${ARGN})
  endif()
  set(LLVM_TARGET_DEFINITIONS ${name}.td)
  mlir_tablegen(${name}.h.inc -gen-${kind}-interface-decls)
  mlir_tablegen(${name}.cpp.inc -gen-${kind}-interface-defs)
  add_public_tablegen_target(Dchag${name}InterfaceIncGen)
  add_dependencies(dchag-headers Dchag${name}InterfaceIncGen)
endfunction()

# dchag_dialect(dchag Dchag [TYPES]): ops, attributes, enums and, where said, types of
# DialectOps.td in this folder.
function(dchag_dialect mnemonic name)
  set(LLVM_TARGET_DEFINITIONS ${name}Ops.td)
  mlir_tablegen(${name}Ops.h.inc -gen-op-decls)
  mlir_tablegen(${name}Ops.cpp.inc -gen-op-defs)
  mlir_tablegen(${name}Dialect.h.inc -gen-dialect-decls -dialect=${mnemonic})
  mlir_tablegen(${name}Dialect.cpp.inc -gen-dialect-defs -dialect=${mnemonic})
  mlir_tablegen(${name}Attrs.h.inc -gen-attrdef-decls -attrdefs-dialect=${mnemonic})
  mlir_tablegen(${name}Attrs.cpp.inc -gen-attrdef-defs -attrdefs-dialect=${mnemonic})
  if("TYPES" IN_LIST ARGN)
    mlir_tablegen(${name}Types.h.inc -gen-typedef-decls -typedefs-dialect=${mnemonic})
    mlir_tablegen(${name}Types.cpp.inc -gen-typedef-defs -typedefs-dialect=${mnemonic})
  endif()
  mlir_tablegen(${name}Enums.h.inc -gen-enum-decls)
  mlir_tablegen(${name}Enums.cpp.inc -gen-enum-defs)
  add_public_tablegen_target(Dchag${name}IncGen)
  add_dependencies(dchag-headers Dchag${name}IncGen)
endfunction()
