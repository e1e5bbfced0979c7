# One static library a folder, and the arrows between the folders.
#
# powercut_library(NAME <name> SOURCES ... DEPENDS ... [LIBRARIES ...])
#
# DEPENDS names our own libraries and is checked against the table below, and so
# is every #include "folder/..." of every source and header of the folder: an
# include against the arrows stops the configuration with the file and the line.

set(POWERCUT_ARROWS_kernel "")
set(POWERCUT_ARROWS_base "")
set(POWERCUT_ARROWS_log "base;kernel")
set(POWERCUT_ARROWS_replay "base;log")
set(POWERCUT_ARROWS_device "base;log")
set(POWERCUT_ARROWS_workload "base;log;replay")
set(POWERCUT_ARROWS_checkers "base;replay")
set(POWERCUT_ARROWS_report "base;log;replay")
set(POWERCUT_ARROWS_scenarios "base;log;replay;device;checkers;workload")
set(POWERCUT_ARROWS_cli "base;log;replay;device;checkers;workload;scenarios;report")

function(powercut_check_arrows name)
  file(GLOB_RECURSE files CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*.h"
       "${CMAKE_CURRENT_SOURCE_DIR}/*.cc")
  set(allowed ${POWERCUT_ARROWS_${name}} ${name})
  foreach(file IN LISTS files)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${file}")
    file(STRINGS "${file}" includes REGEX "^#include \"")
    foreach(include IN LISTS includes)
      string(REGEX REPLACE "^#include \"([^/\"]*)/?.*" "\\1" folder "${include}")
      if(NOT folder IN_LIST allowed)
        message(FATAL_ERROR "${file}: ${include}: ${name}/ may include only: ${allowed}")
      endif()
    endforeach()
  endforeach()
endfunction()

function(powercut_library)
  cmake_parse_arguments(arg "" "NAME" "SOURCES;DEPENDS;LIBRARIES" ${ARGN})
  foreach(dependency IN LISTS arg_DEPENDS)
    if(NOT dependency IN_LIST POWERCUT_ARROWS_${arg_NAME})
      message(FATAL_ERROR "${arg_NAME} may not depend on ${dependency}")
    endif()
  endforeach()
  powercut_check_arrows(${arg_NAME})
  add_library(powercut_${arg_NAME} STATIC ${arg_SOURCES})
  add_library(powercut::${arg_NAME} ALIAS powercut_${arg_NAME})
  target_include_directories(powercut_${arg_NAME} PUBLIC "${PROJECT_SOURCE_DIR}")
  target_link_libraries(powercut_${arg_NAME} PRIVATE powercut::warnings)
  foreach(dependency IN LISTS arg_DEPENDS)
    if(NOT dependency STREQUAL "kernel")
      target_link_libraries(powercut_${arg_NAME} PUBLIC powercut::${dependency})
    endif()
  endforeach()
  target_link_libraries(powercut_${arg_NAME} PUBLIC ${arg_LIBRARIES})
endfunction()
