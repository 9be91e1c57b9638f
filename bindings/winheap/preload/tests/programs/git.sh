#!/bin/sh
# git.sh TREE: commits the files of TREE in many steps, clones, compares, packs and checks.
set -eu
tree=$1
export GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@a \
    GIT_COMMITTER_NAME=c GIT_COMMITTER_EMAIL=c@c

git init -q -b main origin
cd origin
step=0
for file in "$tree"/docs/*.md "$tree"/bindings/winheap/*/*.c; do
    step=$((step + 1))
    # Names repeat, so that there are changes and not only new files.
    cat "$file" >>"file$((step % 7))"
    sed "s/the/step $step/" "$file" >"copy$((step % 11))"
    git add .
    GIT_AUTHOR_DATE="$((1700000000 + step)) +0000" GIT_COMMITTER_DATE="$((1700000000 + step)) +0000" \
        git commit -q -m "step $step"
done
GIT_COMMITTER_DATE='1700001000 +0000' git tag -a -m tag v1 HEAD~5
git tag v2 HEAD~3
cd ..

git clone -q --no-local origin clone
cd clone
git log -p --stat --topo-order
git diff HEAD~20 HEAD
git blame file1 | head -n 50
git gc -q --aggressive --prune=now
git fsck --full
git cat-file --batch-check --batch-all-objects
git count-objects -v | grep -v size
git archive v2 | cksum
