# gc.lua on both VMs and every engine for two seconds, and each fault of gc/plants.lua, which it must
# find and say how to repeat.
if(HEAPLAB_SANITIZE MATCHES thread)
  return() # as bindings/spec
endif()

# stress_gc(NAME VM OPTION...): one run.
function(stress_gc name vm)
  get_property(environment GLOBAL PROPERTY HEAPLAB_${vm}_ENVIRONMENT)
  add_test(NAME ${name} COMMAND ${HEAPLAB_${vm}} ${CMAKE_CURRENT_SOURCE_DIR}/gc.lua ${ARGN})
  set_tests_properties(${name} PROPERTIES LABELS stress TIMEOUT 300 ENVIRONMENT "${environment}")
endfunction()

get_property(engines GLOBAL PROPERTY WINHEAP_ENGINES)
foreach(vm luajit lua54)
  string(TOUPPER ${vm} key)
  foreach(engine IN LISTS engines)
    stress_gc(stress.gc.${vm}.${engine} ${key} --engine=${engine} --seconds 2)
  endforeach()
  foreach(plant early_free late_free leak lost_byte lost_heap)
    stress_gc(stress.gc-plants.${vm}.${plant} ${key}
              --engine=native --ops 40000 --seed 1 --plant=${plant})
    set_tests_properties(stress.gc-plants.${vm}.${plant} PROPERTIES
      PASS_REGULAR_EXPRESSION "FAILED at operation.*repeat with: .*--plant=${plant}"
      # The harness has to find them itself, not AddressSanitizer, which the engine tells of blocks.
      ENVIRONMENT_MODIFICATION ASAN_OPTIONS=path_list_append:allow_user_poisoning=0)
  endforeach()
endforeach()
