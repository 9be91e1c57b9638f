# How the tests of the preset mingw begin and end, and the linter for what no other build compiles.

# Alone at first, since it makes Wine's folder: were several to make it, they would disturb another.
set_tests_properties(winheap.unit.cmocka PROPERTIES FIXTURES_SETUP wine)

# Wine's server goes by itself when its last program has; a program that hangs goes with it here.
find_program(HEAPLAB_WINESERVER NAMES wineserver64 wineserver PATHS /usr/lib/wine REQUIRED)
add_test(NAME winheap.wine.end COMMAND env WINEPREFIX=${HEAPLAB_WINEPREFIX}
         sh -c "\"$0\" -k; \"$0\" -w" ${HEAPLAB_WINESERVER})
set_tests_properties(winheap.wine.end PROPERTIES FIXTURES_CLEANUP wine TIMEOUT 60)

get_property(tests DIRECTORY PROPERTY TESTS)
list(REMOVE_ITEM tests winheap.unit.cmocka winheap.wine.end)
set_tests_properties(${tests} PROPERTIES FIXTURES_REQUIRED wine)

add_test(NAME lint.clang-tidy.windows
  COMMAND ${PROJECT_SOURCE_DIR}/scripts/lint/lint.sh clang-tidy ${CMAKE_BINARY_DIR}
          bindings/winheap/tests/engine_windows.c bindings/winheap/tests/windows/cmocka.c)
set_tests_properties(lint.clang-tidy.windows PROPERTIES LABELS lint SKIP_RETURN_CODE 77)
