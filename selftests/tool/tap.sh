# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What the tests of the command are written in; sourced. Prints TAP, and the
# script fails with the first bad line counted.
#
# VFIO_CXL: path of the command. Its stdout, stderr and exit code are in $out,
# $err and $code after "run".

set -u
: "${VFIO_CXL:=vfio-cxl}"

tap_n=0
tap_bad=0
tap_tmp=$(mktemp -d)
out='' err='' code=0

tap_end()
{
	echo "1..$tap_n"
	rm -rf "$tap_tmp"
	exit $((tap_bad > 0))
}
trap tap_end EXIT

# ok RESULT WHAT: RESULT is 0 for good, as $? has it
ok()
{
	tap_n=$((tap_n + 1))
	if [[ $1 -eq 0 ]]; then
		echo "ok $tap_n - $2"
		return 0
	fi
	tap_bad=$((tap_bad + 1))
	echo "not ok $tap_n - $2"
	return 1
}

# is GOT WANTED WHAT
is()
{
	[[ $1 == "$2" ]]
	ok $? "$3" || printf '#  got: %q\n# want: %q\n' "$1" "$2"
}

# has TEXT PART WHAT
has()
{
	[[ $1 == *"$2"* ]]
	ok $? "$3" || printf '#    in: %q\n# wants: %q\n' "$1" "$2"
}

skip()
{
	tap_n=$((tap_n + 1))
	echo "ok $tap_n - $1 # SKIP $2"
}

# tap_of COMMAND...: runs it, and takes the results that it prints as ours
tap_of()
{
	local line plan=none first=$tap_n status

	"$@" >"$tap_tmp/tap" </dev/null
	status=$?
	while read -r line; do
		case $line in
		'ok '*)	ok 0 "${line#ok * - }" ;;
		'not ok '*) ok 1 "${line#not ok * - }" ;;
		1..*)	plan=${line#1..} ;;
		*)	echo "$line" ;;
		esac
	done <"$tap_tmp/tap"
	is "$status, $plan" "0, $((tap_n - first))" "${1##*/} ran to its end"
}

# text FILE NAME: as NAME=$(<FILE), without a process, which costs more on the
# debug kernel than the rest of a check
text()
{
	local -n text_of=$2

	IFS= read -rd '' text_of <"$1"
	while [[ $text_of == *$'\n' ]]; do
		text_of=${text_of%$'\n'}
	done
}

# taken CODE: what was run has written its output and its error, and has exited
taken()
{
	code=$1
	text "$tap_tmp/out" out
	text "$tap_tmp/err" err
}

# run ARGUMENT...: of the command
run()
{
	"$VFIO_CXL" "$@" >"$tap_tmp/out" 2>"$tap_tmp/err" </dev/null
	taken $?
}

# exit_is CODE ARGUMENT...
exit_is()
{
	local want=$1

	shift
	run "$@"
	is "$code" "$want" "exit $want: ${*:-(nothing)}" ||
		sed 's/^/# /' "$tap_tmp/err"
}

# The last output, or error object, through jq: json FILTER WANTED WHAT
json()
{
	is "$(jq -rc "$1" <<<"$out" 2>&1)" "$2" "$3"
}

json_err()
{
	is "$(jq -rc "$1" <<<"$err" 2>&1)" "$2" "$3"
}

# envelope PLURAL COUNT WHAT: the shape that every command keeps
envelope()
{
	json "[.tool, .schema, (.$1 | length), (keys | length)]" \
		"[\"vfio-cxl\",1,$2,3]" "$3"
	is "$err" '' "$3: nothing on stderr"
}

# error CODE REASON-OR-null ARGUMENT...: with --json, nothing on stdout
error()
{
	local want=$1 reason=$2

	shift 2
	exit_is "$want" --json "$@"
	is "$out" '' "no output: $*"
	json_err '[.tool, .schema, .error.exit, .error.reason],
		(.error | has("what") and has("object") and has("errno") and
		 (.why | length > 0) and has("next"))' \
		"[\"vfio-cxl\",1,$want,$reason]"$'\n'true "error object: $*"
}
