#!/bin/sh
# cc.sh COMPILER TREE: the bytes that the compiler makes of the native engine: objects with symbols
# for the debugger, assembly, and a library optimized as a whole by several processes.
set -eu
compiler=$1
native=$2/bindings/winheap/native
include=-I$2/bindings/winheap/include
for name in segment check realloc; do
    "$compiler" -fPIC -O3 -g -Wall -Wextra "$include" -c "$native/$name.c" -o "$name.o"
    "$compiler" -fPIC -O0 "$include" -S "$native/$name.c" -o "$name.s"
done
"$compiler" -shared -flto=2 -O2 -fPIC -frandom-seed=1 -D_GNU_SOURCE -Wl,--build-id=sha1 "$include" \
    "$native/os.c" "$native/sizeclass.c" "$native/../common/lock.c" -o library.so
cksum ./*
