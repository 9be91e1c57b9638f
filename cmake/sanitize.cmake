# Tests that load our libraries into a VM which was not built with the sanitizer.

if(HEAPLAB_SANITIZE MATCHES address)
  execute_process(COMMAND ${CMAKE_C_COMPILER} -print-file-name=libasan.so
    OUTPUT_VARIABLE HEAPLAB_SANITIZER_RUNTIME OUTPUT_STRIP_TRAILING_WHITESPACE)
endif()

# heaplab_vm_tests(TEST...): labels the tests `vm`, which the preset tsan leaves out (the VMs are
# single-threaded, and ThreadSanitizer cannot be loaded late). AddressSanitizer's runtime must be
# loaded before the VM; leaks are the VM's own and not looked for.
function(heaplab_vm_tests)
  set_property(TEST ${ARGN} APPEND PROPERTY LABELS vm)
  if(HEAPLAB_SANITIZER_RUNTIME)
    set_property(TEST ${ARGN} APPEND PROPERTY ENVIRONMENT_MODIFICATION
      "LD_PRELOAD=set:${HEAPLAB_SANITIZER_RUNTIME}" "ASAN_OPTIONS=set:detect_leaks=0")
  endif()
endfunction()
