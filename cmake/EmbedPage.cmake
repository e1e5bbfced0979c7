# Makes a .cc of the files of the report's page. Run as a script:
#
#   cmake -DPAGE=report/page -DOUT=page_parts.cc -P cmake/EmbedPage.cmake

cmake_minimum_required(VERSION 3.25)

set(files_Html page.html)
set(files_Css page.css)
set(files_Js model.js picture.js draw.js page.js input.js)
set(text "// Made by cmake/EmbedPage.cmake\n\n#include \"report/page_parts.h\"\n\n")
string(APPEND text "namespace powercut {\n\n")
foreach(part IN ITEMS Html Css Js)
  set(content "")
  foreach(name IN LISTS files_${part})
    file(READ "${PAGE}/${name}" one)
    string(APPEND content "${one}")
  endforeach()
  # What would end the element in the page, or the literal here.
  if(NOT part STREQUAL "Html" AND content MATCHES "</|\\)PAGE\"")
    message(FATAL_ERROR "${PAGE}: the ${part} holds ${CMAKE_MATCH_0}")
  endif()
  string(SHA256 digest "${content}")
  string(APPEND text "const std::string_view kPage${part} = R\"PAGE(${content})PAGE\";\n")
  string(APPEND text "const std::string_view kPage${part}Sha256 = \"${digest}\";\n")
endforeach()
string(APPEND text "\n}  // namespace powercut\n")
file(WRITE "${OUT}" "${text}")
