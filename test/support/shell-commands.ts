/** Source of numbers that repeats for the same seed. */
export type Random = () => number;

/** Returns a source of numbers between 0 and 1 (mulberry32). */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const WORDS =
  "rm ls cat x y f -f -rf --output=x $x \"$x\" ${x:-y} ${!x} ${x@P} $(ls) `ls` <(ls) {a,b} {1..999999999} * ?? [a-z] 'q' \"q\" $'\\x41' $((1+1)) ~/a - -- ; & | && || ( ) { } ! if then else fi while do done for in case esac function select until coproc time [[ ]] (( )) << <<< > >> 2>&1 &> <<EOF EOF \\ \n git log sed s/a/b/ awk '{print}' find . -exec {} \\; + sort -o env sudo xargs sh -c bash eval trap alias a=b a+=b a[1]=2 declare -i local export PATH=x IFS=, read printf -v unset cd $@ $* $1 set shift return break exec source tar xzf curl -K".split(
    " ",
  );
const CHARACTERS = " \t\n;&|<>(){}[]$`'\"\\#=+-*?!~%^,.:/@aexyrm01" as const;

/** Shapes that grow: doubling, nesting, repetition, huge numbers and texts. */
export const GROWING: readonly ((count: number) => string)[] = [
  (count) =>
    `a0=xxxxxxxxxxxxxxxx; ${range(count, (index) => `a${index + 1}=$a${index}$a${index}`).join("; ")}; echo $a${count}`,
  (count) =>
    `a0=x; ${range(count, (index) => `a${index + 1}="\${a${index}}\${a${index}}\${a${index}}"`).join("; ")}; $a${count} f`,
  (count) => `${range(count, (index) => `f${index + 1}() { f${index}; f${index}; }`).join("; ")}; f${count}`,
  (count) => `f() { f; f; f; }; ${"f; ".repeat(count)}`,
  (count) => `${range(count, (index) => `alias a${index + 1}='a${index} && a${index}'`).join("; ")}; a${count}`,
  (count) => `${"while x=$y; do y=$z$x; ".repeat(count)}ls${"; done".repeat(count)}`,
  (count) => `${range(count, (index) => `for v${index} in a b c; do`).join(" ")} x=$v1; ls ${"; done".repeat(count)}`,
  (count) => `eval ${"'eval ".repeat(Math.min(count, 40))}ls`,
  (count) => `echo ${"{a,b}".repeat(count)}`,
  (count) => `echo ${"{1..99999}".repeat(count)}`,
  (count) => `echo ${"{a,".repeat(count)}b${"}".repeat(count)}`,
  (count) => `cat <<EOF\n${"$(ls) $x ".repeat(count * 8)}\nEOF`,
  (count) => `echo $((${"(1+".repeat(count)}1${")".repeat(count)}))`,
  (count) => `echo \${x:-${"${y:-".repeat(count)}z${"}".repeat(count)}}`,
  (count) => `${"x=1 ".repeat(count)}ls`,
  (count) => range(count * 6, (index) => `v${index}=${index}`).join(" && "),
  (count) => `${"( ".repeat(count)}ls${" )".repeat(count)}`,
  (count) => `${"if ls; then ".repeat(count)}rm x${"; fi".repeat(count)}`,
  (count) => `sed '${"s/[/]/x/;".repeat(count * 4)}' f`,
  (count) => `sed '${"[[:".repeat(count * 10)}/p' f`,
  (count) => `awk '${"print (a > b) / c; ".repeat(count)}' f`,
  (count) => `awk '{ print ${'"a" '.repeat(count * 8)} }' f`,
  (count) => `git -c ${"a".repeat(count * 20)}=b log ${"--o ".repeat(count * 4)}`,
  (count) => `curl ${"-sSfLo x ".repeat(count * 4)}`,
  (count) => `find . ${"-exec find . ".repeat(count * 4)} \\;`,
  (count) => `${"env -S '".repeat(count)}ls`,
  (count) => `${"timeout 1 nice env ".repeat(count * 3)}ls`,
  (count) => `echo ${"'x'".repeat(count * 20)} | sh`,
  (count) => `trap '${'trap "ls" EXIT; '.repeat(count * 2)}' EXIT`,
  (count) => `${"cd a; ".repeat(count * 8)}rm x`,
  (count) => `case x in ${"a|".repeat(count * 10)}b) ls;; esac`,
  (count) => "$(".repeat(count * 10),
  (count) => `${"x=$(".repeat(count)}ls${")".repeat(count)}`,
  (count) => `${"<<A ".repeat(count * 4)}\nA`,
  (count) => `echo ${"\"$(echo '".repeat(count)}`,
];

function range(count: number, toText: (index: number) => string): string[] {
  return Array.from({ length: count }, (_, index) => toText(index));
}

/** Maximum length of a generated command, in characters. */
export const MAX_LENGTH = 4096;

/** Generates a command: words of the shell in any order, characters in any order, or a shape that grows. */
export function generateCommand(random: Random): string {
  const pick = <T>(all: ArrayLike<T>): T | undefined => all[Math.floor(random() * all.length)];
  const kind = random();
  const length = Math.floor(random() ** 3 * 1200) + 1;
  if (kind < 0.45) {
    return range(length, () => pick(WORDS) ?? "")
      .join(random() < 0.9 ? " " : "")
      .slice(0, MAX_LENGTH);
  }
  if (kind < 0.6) {
    return range(length * 3, () => pick(CHARACTERS) ?? "")
      .join("")
      .slice(0, MAX_LENGTH);
  }
  const grow = pick(GROWING);
  const grown = grow?.(Math.floor(random() ** 2 * 160) + 1) ?? "";
  const mixed = random() < 0.3 ? `${grown}; ${range(20, () => pick(WORDS) ?? "").join(" ")}` : grown;
  return mixed.slice(0, MAX_LENGTH);
}
