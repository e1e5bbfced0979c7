# What every target of ours is compiled with. Errors only in the ci preset.
add_library(powercut_warnings INTERFACE)
add_library(powercut::warnings ALIAS powercut_warnings)
target_compile_options(
  powercut_warnings
  INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wold-style-cast
            -Wnon-virtual-dtor -Woverloaded-virtual)
