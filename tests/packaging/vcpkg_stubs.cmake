# SPDX-License-Identifier: MIT
# Runs the port's recipe without vcpkg: each function of vcpkg that it may call writes its name, its
# arguments, and nothing else. cmake -DPORTFILE=... -DCURRENT_PACKAGES_DIR=... -P vcpkg_stubs.cmake
cmake_minimum_required(VERSION 3.16)
foreach(name IN ITEMS vcpkg_from_github vcpkg_configure_meson vcpkg_install_meson vcpkg_copy_pdbs
    vcpkg_fixup_pkgconfig vcpkg_cmake_config_fixup vcpkg_install_copyright)
  cmake_language(EVAL CODE "
    macro(${name})
      message(\"${name} \${ARGV}\")
    endmacro()")
endforeach()
set(PORT hawse)
set(SOURCE_PATH source)
include("${PORTFILE}")
