# Installation: the tool, libdchag with headers and ODS files, the runtime (installed by its
# own folder) and the CMake package for code built out of tree.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set_target_properties(dchag dchag-opt PROPERTIES INSTALL_RPATH_USE_LINK_PATH ON)
set_target_properties(dchag PROPERTIES INSTALL_RPATH "$ORIGIN;${LLVM_LIBRARY_DIR}")
set_target_properties(dchag-opt PROPERTIES INSTALL_RPATH "$ORIGIN/../${CMAKE_INSTALL_LIBDIR};${LLVM_LIBRARY_DIR}")
target_include_directories(dchag INTERFACE $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
target_include_directories(dchag SYSTEM INTERFACE ${LLVM_INCLUDE_DIRS} ${MLIR_INCLUDE_DIRS})

install(TARGETS dchag EXPORT dchagTargets)
install(TARGETS dchag-opt)
install(EXPORT dchagTargets NAMESPACE dchag:: DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/dchag)
# One list of patterns for the tree and for what tablegen made of it.
foreach(root ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR})
  install(DIRECTORY ${root}/dialects DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
          FILES_MATCHING PATTERN "*.h" PATTERN "*.td" PATTERN "*.h.inc"
          PATTERN "CMakeFiles" EXCLUDE)
  install(DIRECTORY ${root}/include/dchag DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
          FILES_MATCHING PATTERN "*.h" PATTERN "*.td" PATTERN "*.h.inc"
          PATTERN "CMakeFiles" EXCLUDE)
endforeach()
configure_package_config_file(${CMAKE_SOURCE_DIR}/cmake/dchagConfig.cmake.in
  ${CMAKE_BINARY_DIR}/dchagConfig.cmake
  INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/dchag
  PATH_VARS CMAKE_INSTALL_INCLUDEDIR CMAKE_INSTALL_BINDIR)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/dchagConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/dchagConfig.cmake ${CMAKE_BINARY_DIR}/dchagConfigVersion.cmake
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/dchag)
