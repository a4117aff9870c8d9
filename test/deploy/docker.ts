/**
 * Stands in for `docker`: notes its words, and does what they say in a folder that is the volume `backup`.
 * A backup is one line; one that fails leaves its beginning behind. The containers of `web` are the files in the
 * folder WEBS, each with its image in it; those of the images BROKEN are not healthy, those of STOPPED do not run.
 */
export const docker = `#!/bin/sh
echo "$*\${PARVIS_IMAGE:+ ($PARVIS_IMAGE)}" >> "$LOG"
words=$*
for last; do :; done
case $words in
  *" ps -aq web") ls "$WEBS"; exit 0 ;;
  *" ps -q web")
    for web in $(ls "$WEBS"); do
      [ "$(cat "$WEBS/$web")" = "\${STOPPED:-}" ] || echo "$web"
    done
    exit 0 ;;
  *--scale*)
    [ -d "$WEBS" ] || exit 1
    count=\${words#*--scale web=}
    while [ "$(ls "$WEBS" | wc -l)" -lt "\${count% web}" ]; do
      next=$(($(ls "$WEBS" | tail -n 1) + 1))
      echo new > "$WEBS/$next"
    done
    case $words in *"\${FAIL:-nothing}"*) exit 1 ;; *) exit 0 ;; esac ;;
  *State.Health*)
    case " \${BROKEN:-} " in *" $(cat "$WEBS/$last") "*) echo unhealthy ;; *) echo healthy ;; esac
    exit ;;
  inspect*) exec cat "$WEBS/$last" ;;
  rm*) exec rm "$WEBS/$last" ;;
  stop* | logs* | tag*) exit 0 ;;
esac
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
