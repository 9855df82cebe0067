# What shell scripts lean on; run by bash.
set -u
echo "one two three" | tr ' ' '\n' | sort | while read -r word; do echo "word $word"; done
(exit 7); echo "subshell $?"
echo "substitution $(echo inner | (read -r x; echo "<$x>"))"
cat <<< "here string"
cat << END
here document $((6 * 7))
END
diff <(echo a; echo b) <(echo a; echo c) > /dev/null || echo "process substitution $?"
sleep 100 & kill $!; wait $!; echo "killed $?"
for i in 1 2 3; do (sleep 0.0$i; echo "$i" >> /tmp/jobs) & done; wait; sort /tmp/jobs | tr '\n' ' '; echo
trap 'echo trapped' USR1; kill -USR1 $$
false | true; echo "statuses ${PIPESTATUS[*]}"
cd /tmp && mkdir -p a/b && touch a/b/c && echo a/*/* && rm -r a && ls
yes | head -n 3 | wc -l
exec 3> /tmp/third; echo text >&3; exec 3>&-; cat /tmp/third
exit 5
