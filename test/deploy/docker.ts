/**
 * Stands in for `docker`: notes its words, and does what they say in a folder that is the volume `backup`.
 * A backup is one line; one that fails leaves its beginning behind.
 */
export const docker = `#!/bin/sh
echo "$*" >> "$LOG"
words=$*
entry=parvis
while [ $# -gt 0 ] && [ "$1" != cli ]; do
  [ "$1" != --entrypoint ] || entry=$2
  shift
done
[ $# -eq 0 ] || shift
for word; do
  shift
  case $word in
    /backup/*) word=$VOLUME/\${word#/backup/} ;;
  esac
  set -- "$@" "$word"
done
case $words in
  *"\${FAIL:-nothing}"*)
    case $words in *"cli backup"*) echo "half" > "$3.0a1b2c3d.part" ;; esac
    exit 1 ;;
esac
case $words in *" ps "*) echo "\${RUNNING:-web}" ;; esac
case $entry:$1 in
  parvis:backup) echo "all of the city" > "$3" ;;
  parvis:restore) while [ "$1" != --from ]; do shift; done; cp "$2" "$LOG.taken" ;;
  parvis:*) ;;
  *) exec "$entry" "$@" ;;
esac
`;
