# Builds for Windows with Debian's MinGW, and runs what is built under Wine.
set(CMAKE_SYSTEM_NAME Windows)
set(CMAKE_SYSTEM_PROCESSOR x86_64)
set(CMAKE_C_COMPILER x86_64-w64-mingw32-gcc)
set(CMAKE_FIND_ROOT_PATH /usr/x86_64-w64-mingw32)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)

# Debian's package wine64 has no command in PATH. Wine's folder is the build's own, and bare: Wine
# would fill it with 700 MB of services, desktop and registry for programs that need more than the
# system's libraries, and takes these from where they are installed when told that it is about to.
find_program(HEAPLAB_WINE NAMES wine64 wine PATHS /usr/lib/wine REQUIRED)
set(HEAPLAB_WINEPREFIX ${CMAKE_BINARY_DIR}/wine)
if(NOT EXISTS ${HEAPLAB_WINEPREFIX}/.update-timestamp)
  file(WRITE ${HEAPLAB_WINEPREFIX}/.update-timestamp disable)
endif()
set(CMAKE_CROSSCOMPILING_EMULATOR
    env WINEPREFIX=${HEAPLAB_WINEPREFIX} WINEBOOTSTRAPMODE=1 WINEDEBUG=-all ${HEAPLAB_WINE})
