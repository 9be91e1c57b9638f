# Compiler warnings, sanitizers and the build type, as every target here is built with them.

set(HEAPLAB_SANITIZE "" CACHE STRING "sanitizers, as -fsanitize takes them (address,undefined or thread)")
option(HEAPLAB_WERROR "treat warnings as errors" ON)

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "build type" FORCE)
endif()

add_compile_options(-Wall -Wextra -Wpedantic -Wconversion -Wshadow)
if(HEAPLAB_WERROR)
  add_compile_options(-Werror)
endif()
if(HEAPLAB_SANITIZE)
  add_compile_options(-fsanitize=${HEAPLAB_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${HEAPLAB_SANITIZE})
endif()
# Results prove by its build id which library ran.
add_link_options(-Wl,--build-id=sha1)
