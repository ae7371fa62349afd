import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { expect, test } from "vitest";

// The house rules that a machine can check (CONTRIBUTING.md). Each test is one rule; its message says what to do.

const ROOT = dirname(fileURLToPath(import.meta.url));
const SELF = "tidy.test.ts";

const FILE_LINES_MAX = 300;
const FUNCTION_LINES_MAX = 80;
const MAIN_LINES_MAX = 80;
const README_LINES_MAX = 40;

/** Files that may be longer, each with its reason. */
const LONG_FILES: Readonly<Record<string, string>> = {};

/** Packages whose code knows no time, no chance and no machine. */
const PURE_PACKAGES = ["std", "contract", "stream", "fuel", "racesim"];

/** Who may import whom (ARCHITECTURE.md). The tools at the bottom may import everything; nothing may import them. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  std: [],
  contract: ["std"],
  stream: ["std"],
  fuel: ["contract", "std"],
  racesim: ["contract", "std"],
  runtime: ["contract", "std", "stream"],
  ingest: ["contract", "racesim", "runtime", "std", "stream"],
  processor: ["contract", "fuel", "runtime", "std", "stream"],
  inference: ["contract", "fuel", "runtime", "std", "stream"],
  gateway: ["contract", "runtime", "std", "stream"],
  dashboard: ["contract", "fuel"],
  graphics: ["contract", "fuel"],
  operator: ["contract", "runtime", "std"],
  // Its tests hold what it makes against the rules for the chart, and its bucket against where archives go.
  infra: ["charts", "operator"],
  charts: [],
  standalone: ["contract", "fuel", "gateway", "inference", "ingest", "processor", "runtime", "std", "stream"],
};
const TOOLS = ["models", "sim", "bench", "chaos", "loadtest", "cluster-tests"];
/** They work on the engine's ports and must not know the engine. */
const PORTS_ONLY = ["ingest", "inference", "gateway"];
/** They run in a browser that needs the conversions and not the model. */
const UNITS_ONLY = ["dashboard", "graphics"];

interface Import {
  readonly specifier: string;
  readonly isTypeOnly: boolean;
  readonly line: number;
}

interface Place {
  readonly name: string;
  readonly line: number;
}

interface ExportedName extends Place {
  readonly isType: boolean;
}

/** What one walk over a file's syntax tree finds. */
interface SourceFacts {
  readonly imports: Import[];
  readonly exportedNames: ExportedName[];
  readonly defaultExports: Place[];
  readonly functions: (Place & { lines: number })[];
  /** `Math.random`, `process.env`, `new Date`, … */
  readonly accesses: Place[];
}

interface TrackedFile {
  readonly path: string;
  readonly text: string;
}

interface Workspace {
  readonly name: string;
  readonly folder: string;
  readonly manifest: Record<string, Record<string, string> | undefined>;
}

function trackedPaths(): string[] {
  try {
    return execFileSync("git", ["ls-files", "-z"], { cwd: ROOT, encoding: "utf8" }).split("\0").filter(Boolean);
  } catch {
    // An unpacked archive has no git: then everything counts that is not installed or built.
    const skipped = new Set(["node_modules", "dist", "data", "coverage"]);
    const walk = (folder: string): string[] =>
      readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
        const path = posix.join(folder, entry.name);
        if (entry.isDirectory()) return skipped.has(entry.name) || entry.name.startsWith(".") ? [] : walk(path);
        return entry.isFile() ? [path] : [];
      });
    return walk("");
  }
}

const paths = trackedPaths().filter((path) => statSync(join(ROOT, path), { throwIfNoEntry: false })?.isFile());
const textFiles: TrackedFile[] = paths
  .map((path) => ({ path, text: readFileSync(join(ROOT, path), "utf8") }))
  .filter(({ text }) => !text.includes("\0"));
const isGenerated = (path: string) => path.includes("/generated/");
const isTest = (path: string) => /\.test\.tsx?$|\/testing\/|\/testing\.ts$/.test(path);
const sources = textFiles.filter(({ path }) => /\.tsx?$/.test(path) && !isGenerated(path));
const product = sources.filter(({ path }) => !isTest(path));
const factsByPath = new Map(sources.map((file) => [file.path, readFacts(file)]));
const workspaces = readWorkspaces();

const lineCount = (text: string) => text.split("\n").length - (text.endsWith("\n") ? 1 : 0);
const factsOf = ({ path }: TrackedFile) => factsByPath.get(path)!;
const workspaceOf = (path: string) => workspaces.find(({ folder }) => path.startsWith(`${folder}/`));
const inPurePackage = ({ path }: TrackedFile) => PURE_PACKAGES.some((name) => path.startsWith(`packages/${name}/`));

/** `path:line` of every match. */
function findLines(files: readonly TrackedFile[], pattern: RegExp): string[] {
  return files.flatMap(({ path, text }) =>
    text.split("\n").flatMap((line, index) => {
      const found = pattern.exec(line);
      return found === null ? [] : [`${path}:${index + 1} ${found[0].trim()}`];
    }),
  );
}

function expectNone(offenders: readonly string[], advice: string): void {
  expect(offenders, `${advice}\n  ${offenders.join("\n  ")}\n`).toEqual([]);
}

function readWorkspaces(): Workspace[] {
  return textFiles
    .filter(({ path }) => path.endsWith("/package.json"))
    .map(({ path, text }) => {
      const folder = dirname(path);
      return { name: posix.basename(folder), folder, manifest: JSON.parse(text) as Workspace["manifest"] };
    });
}

function readFacts({ path, text }: TrackedFile): SourceFacts {
  const facts: SourceFacts = { imports: [], exportedNames: [], defaultExports: [], functions: [], accesses: [] };
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const lineOf = (node: ts.Node) => file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1;
  const visit = (node: ts.Node): void => {
    noteImport(node, lineOf(node), facts);
    if (node.parent === file) noteExport(node, lineOf(node), facts);
    if (ts.isFunctionLike(node) && "body" in node && node.body !== undefined) {
      const lines = file.getLineAndCharacterOfPosition(node.end).line + 2 - lineOf(node);
      facts.functions.push({ name: functionName(node), line: lineOf(node), lines });
    }
    if (ts.isPropertyAccessExpression(node)) facts.accesses.push({ name: node.getText(file), line: lineOf(node) });
    if (ts.isNewExpression(node)) {
      facts.accesses.push({ name: `new ${node.expression.getText(file)}`, line: lineOf(node) });
    }
    ts.forEachChild(node, visit);
  };
  ts.forEachChild(file, visit);
  return facts;
}

function functionName(node: ts.SignatureDeclaration): string {
  const named = node.name ?? (ts.isVariableDeclaration(node.parent) ? node.parent.name : undefined);
  return named?.getText() ?? "(unnamed)";
}

function noteImport(node: ts.Node, line: number, { imports }: SourceFacts): void {
  if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
    const clause = node.importClause;
    const named = clause?.namedBindings;
    const allTypes = named !== undefined && ts.isNamedImports(named) && named.elements.every((name) => name.isTypeOnly);
    const isTypeOnly = clause?.phaseModifier === ts.SyntaxKind.TypeKeyword || (allTypes && clause?.name === undefined);
    imports.push({ specifier: node.moduleSpecifier.text, isTypeOnly, line });
  } else if (ts.isExportDeclaration(node) && node.moduleSpecifier && ts.isStringLiteral(node.moduleSpecifier)) {
    imports.push({ specifier: node.moduleSpecifier.text, isTypeOnly: node.isTypeOnly, line });
  } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
    const [specifier] = node.arguments;
    if (specifier && ts.isStringLiteral(specifier)) {
      imports.push({ specifier: specifier.text, isTypeOnly: false, line });
    }
  } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
    const { literal } = node.argument;
    if (ts.isStringLiteral(literal)) imports.push({ specifier: literal.text, isTypeOnly: true, line });
  }
}

function noteExport(node: ts.Node, line: number, { exportedNames, defaultExports }: SourceFacts): void {
  if (ts.isExportAssignment(node)) defaultExports.push({ name: "default", line });
  if (ts.isExportDeclaration(node) && node.exportClause && ts.isNamedExports(node.exportClause)) {
    for (const { name } of node.exportClause.elements) exportedNames.push({ name: name.text, line, isType: true });
  }
  const modifiers = ts.canHaveModifiers(node) ? (ts.getModifiers(node) ?? []) : [];
  if (!modifiers.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)) return;
  if (modifiers.some(({ kind }) => kind === ts.SyntaxKind.DefaultKeyword)) {
    defaultExports.push({ name: "default", line });
  } else if (ts.isVariableStatement(node)) {
    for (const { name } of node.declarationList.declarations) {
      if (ts.isIdentifier(name)) exportedNames.push({ name: name.text, line, isType: false });
    }
  } else if ("name" in node && node.name !== undefined && ts.isIdentifier(node.name as ts.Node)) {
    const isType = ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node);
    exportedNames.push({ name: (node.name as ts.Identifier).text, line, isType });
  }
}

/** The name behind `@burnline/`, and what follows it. */
function ownPackage(specifier: string): { name: string; entry: string } | undefined {
  const match = /^@burnline\/([^/]+)(\/.*)?$/.exec(specifier);
  return match?.[1] === undefined ? undefined : { name: match[1], entry: match[2] ?? "" };
}

/** Every import between our packages, with the package it is in. */
const packageImports = sources.flatMap((file) => {
  const from = workspaceOf(file.path);
  if (from === undefined) return [];
  return factsOf(file).imports.flatMap((found) => {
    const to = ownPackage(found.specifier);
    const at = `${file.path}:${found.line}`;
    return to === undefined || to.name === from.name ? [] : [{ ...found, from: from.name, to, at, path: file.path }];
  });
});

test("git holds files to check", () => {
  expect(sources.length).toBeGreaterThan(50);
  expect(workspaces.map(({ name }) => name)).toEqual(expect.arrayContaining(Object.keys(MAY_IMPORT)));
});

test(`a source file has at most ${FILE_LINES_MAX} lines`, () => {
  const long = product.filter(({ path, text }) => lineCount(text) > FILE_LINES_MAX && !(path in LONG_FILES));
  expectNone(
    long.map(({ path, text }) => `${path} (${lineCount(text)})`),
    "Split the file where one of its nouns ends, or name it in LONG_FILES with a reason.",
  );
  const stale = Object.keys(LONG_FILES).filter((path) => !long.some((file) => file.path === path));
  expectNone(stale, "Not too long any more: take it out of LONG_FILES.");
});

test(`a function has at most ${FUNCTION_LINES_MAX} lines`, () => {
  const long = product.flatMap((file) =>
    factsOf(file)
      .functions.filter(({ lines }) => lines > FUNCTION_LINES_MAX)
      .map(({ name, line, lines }) => `${file.path}:${line} ${name} (${lines})`),
  );
  expectNone(long, "Give its parts names: the caller keeps the control flow, the parts are pure.");
});

test(`a main file is wiring of at most ${MAIN_LINES_MAX} lines`, () => {
  const long = product.filter(({ path, text }) => /(^|[/-])main\.tsx?$/.test(path) && lineCount(text) > MAIN_LINES_MAX);
  expectNone(
    long.map(({ path, text }) => `${path} (${lineCount(text)})`),
    "Move what decides something into a file with a name and a test.",
  );
});

test("no file or folder is named after nothing", () => {
  const meaningless = /^(utils?|helpers?|lib|common|shared|misc)$|(^|[-.])(utils?|helpers?|misc)([-.]|$)/;
  const offenders = paths.filter((path) =>
    path.split("/").some((part) => meaningless.test(part.replace(/\.\w+$/, ""))),
  );
  expectNone(offenders, "Name it after what it owns; if that is hard, its contents belong to several places.");
});

test("source files have kebab-case names", () => {
  const offenders = sources
    .map(({ path }) => path)
    .filter((path) => !/^[a-z0-9-]+(\.[a-z0-9-]+)*\.tsx?$/.test(posix.basename(path)));
  expectNone(offenders, "Rename: kebab-case nouns, tests as x.test.ts.");
});

test("nothing is left for later", () => {
  const offenders = findLines(
    textFiles.filter(({ path }) => path !== SELF && path !== "package-lock.json"),
    /\b(TODO|FIXME|XXX|HACK)\b/,
  );
  expectNone(offenders, "Do it now, or open an issue and leave no mark in the code.");
});

test("no test is switched off or singled out", () => {
  const tests = sources.filter(({ path }) => isTest(path) && path !== SELF);
  const offenders = findLines(tests, /\.(only|skip|todo|fails)\s*[(`]|\bx(it|test|describe)\(/);
  expectNone(offenders, "Repair the test or delete it.");
});

test("pure packages know no clock, no chance, no machine", () => {
  const impure = /^(Math\.random|Date\.\w+|performance\.\w+|new Date|crypto\.\w+|console\.\w+|process\.\w+)$/;
  const offenders = product.filter(inPurePackage).flatMap((file) => [
    ...factsOf(file)
      .accesses.filter(({ name }) => impure.test(name))
      .map(({ name, line }) => `${file.path}:${line} ${name}`),
    ...factsOf(file)
      .imports.filter(({ specifier }) => specifier.startsWith("node:"))
      .map(({ specifier, line }) => `${file.path}:${line} ${specifier}`),
  ]);
  expectNone(offenders, "Take a Clock, a Prng or the value itself as a parameter.");
});

test("only configuration reads the environment", () => {
  // A test may hand its environment on to a process that it starts.
  const offenders = product
    .filter(({ path }) => !/(^|\/)config\.ts$|\.config\.ts$/.test(path))
    .flatMap((file) =>
      factsOf(file)
        .accesses.filter(({ name }) => name === "process.env" || name === "import.meta.env")
        .map(({ line }) => `${file.path}:${line}`),
    );
  expectNone(offenders, "Read it once in config.ts, check it there, and pass the value on.");
});

test("no file knows the machine it was written on", () => {
  const others = textFiles.filter(({ path }) => path !== SELF);
  const machinePath = /(^|[^\w.~@-])\/(work|root|home)\/\S*/;
  const registry =
    /https?:\/\/[\w.-]*(registry|npm\.pkg|verdaccio|artifactory|nexus|pypi)[\w.-]*\S*|[\w.-]*\.?npmjs\.org/;
  expectNone(
    [...findLines(others, machinePath), ...findLines(others, registry)],
    "Use a path relative to the repository, and leave registries to the user's own configuration.",
  );
});

test("the lock file holds no download addresses", () => {
  const lock = textFiles.filter(({ path }) => path === "package-lock.json");
  expect(lock).toHaveLength(1);
  expectNone(
    findLines(lock, /"resolved": "\w+:\/\/[^"]*"/).slice(0, 5),
    "Install with the committed .npmrc (omit-lockfile-registry-resolved).",
  );
});

test("lines end with a line feed alone", () => {
  const offenders = textFiles.filter(({ text }) => text.includes("\r\n")).map(({ path }) => path);
  expectNone(offenders, "Convert CRLF to LF.");
});

test(`every package has a README.md of at most ${README_LINES_MAX} lines`, () => {
  const offenders = workspaces.flatMap(({ folder }) => {
    const readme = textFiles.find(({ path }) => path === `${folder}/README.md`);
    if (readme === undefined || readme.text.trim() === "") return [`${folder}: none`];
    return lineCount(readme.text) > README_LINES_MAX ? [`${readme.path} (${lineCount(readme.text)})`] : [];
  });
  expectNone(offenders, "Say what the package owns, what it must never know, and show one example.");
});

test("a package depends only on those below it", () => {
  const offenders = workspaces.flatMap(({ name, folder, manifest }) => {
    const mayImport = TOOLS.includes(name) ? undefined : (MAY_IMPORT[name] ?? []);
    const declared = Object.keys({ ...manifest.dependencies, ...manifest.devDependencies });
    return declared
      .flatMap((dependency) => ownPackage(dependency)?.name ?? [])
      .filter((dependency) => (mayImport === undefined ? false : !mayImport.includes(dependency)))
      .map((dependency) => `${folder}/package.json: ${dependency}`);
  });
  expectNone(offenders, "Turn the dependency round, or move what both need below them.");
});

test("a package imports only those below it, and only those it declares", () => {
  const offenders = packageImports
    .filter(({ from, to }) => {
      const { manifest } = workspaces.find(({ name }) => name === from)!;
      const isDeclared = `@burnline/${to.name}` in { ...manifest.dependencies, ...manifest.devDependencies };
      return !isDeclared || !(TOOLS.includes(from) || (MAY_IMPORT[from] ?? []).includes(to.name));
    })
    .map(({ at, specifier }) => `${at} ${specifier}`);
  expectNone(offenders, "Turn the import round, or move what both need below them.");
});

test("a package is entered by its name and not through its folders", () => {
  const offenders = sources.flatMap((file) => {
    const from = workspaceOf(file.path);
    if (from === undefined) return [];
    return factsOf(file)
      .imports.filter(({ specifier }) => specifier.startsWith("."))
      .filter(({ specifier }) => !posix.join(dirname(file.path), specifier).startsWith(`${from.folder}/`))
      .map(({ specifier, line }) => `${file.path}:${line} ${specifier}`);
  });
  expectNone(offenders, "Import from @burnline/<package>; what is missing there is not public.");
});

test("the estimator cannot see the simulator's truth", () => {
  const offenders = packageImports
    .filter(
      ({ from, to }) => to.name === "racesim" && ["stream", "fuel", "processor", "inference", "runtime"].includes(from),
    )
    .map(({ at }) => at);
  expectNone(offenders, "Truth is compared in sim, models and bench, never in the estimator.");
  const adapters = packageImports.filter(
    ({ from, to, path }) => from === "ingest" && to.name === "racesim" && !isTest(path),
  );
  const files = [...new Set(adapters.map(({ path }) => path))];
  expectNone(files.length > 1 ? files : [], "Only ingest's simulator source may know the simulator.");
});

test("ingest, inference and gateway know the engine's ports and not the engine", () => {
  const offenders = packageImports
    .filter(
      ({ from, to, path, isTypeOnly }) =>
        PORTS_ONLY.includes(from) && to.name === "stream" && !isTypeOnly && !isTest(path),
    )
    .map(({ at }) => at);
  expectNone(offenders, "Import the ports as types; what runs an operator belongs to the processor.");
});

test("browser pages take only the conversions from fuel", () => {
  const offenders = packageImports
    .filter(
      ({ from, to, path }) => UNITS_ONLY.includes(from) && to.name === "fuel" && to.entry !== "/units" && !isTest(path),
    )
    .map(({ at, specifier }) => `${at} ${specifier}`);
  expectNone(offenders, "Import @burnline/fuel/units; numbers of the model come as facts.");
});

test("what is made for tests is used by tests", () => {
  const offenders = packageImports
    .filter(({ to, path, from }) => to.entry === "/testing" && !isTest(path) && !TOOLS.includes(from))
    .map(({ at, specifier }) => `${at} ${specifier}`);
  expectNone(offenders, "Move what the product needs out of testing.");
});

test("every export has a name", () => {
  const offenders = sources
    // k6 calls a scenario by its default export.
    .filter(({ path }) => !path.endsWith(".config.ts") && !path.startsWith("loadtest/scenarios/"))
    .flatMap((file) => factsOf(file).defaultExports.map(({ line }) => `${file.path}:${line}`));
  expectNone(offenders, "Export by name: a default export is called differently by everyone.");
});

test("every export is used by another file", () => {
  const words = (text: string) => text.match(/[A-Za-z_$][\w$]*/g) ?? [];
  const filesByWord = new Map<string, number>();
  for (const { text } of sources) {
    for (const word of new Set(words(text))) filesByWord.set(word, (filesByWord.get(word) ?? 0) + 1);
  }
  const offenders = product
    .filter(({ path }) => posix.basename(path) !== "index.ts")
    .flatMap((file) => {
      // A type is also of use where its own file's signatures name it: callers get to say what they pass.
      const isNamedAgain = (name: string) => words(file.text).filter((word) => word === name).length > 1;
      return factsOf(file)
        .exportedNames.filter(({ name }) => (filesByWord.get(name) ?? 0) <= 1)
        .filter(({ name, isType }) => !isType || !isNamedAgain(name))
        .map(({ name, line }) => `${file.path}:${line} ${name}`);
    });
  expectNone(offenders, "Delete it, or drop the word `export` if only its own file needs it.");
});

test("an outside dependency has one exact version everywhere", () => {
  const versions = new Map<string, Set<string>>();
  const offenders: string[] = [];
  for (const { folder, manifest } of workspaces) {
    for (const [name, version] of Object.entries({ ...manifest.dependencies, ...manifest.devDependencies })) {
      if (ownPackage(name) !== undefined) continue;
      if (!/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version)) offenders.push(`${folder}: ${name} ${version}`);
      versions.set(name, (versions.get(name) ?? new Set()).add(version));
    }
  }
  for (const [name, found] of versions) if (found.size > 1) offenders.push(`${name}: ${[...found].join(", ")}`);
  expectNone(offenders, "Write the same exact version in every package.json.");
});

test("no frame can be longer than the lateness that the processor allows", () => {
  const constant = (name: string, folder: string) => {
    const pattern = new RegExp(`const ${name} = ([\\d_]+);`);
    const found = product.flatMap(({ path, text }) => (path.startsWith(folder) ? (pattern.exec(text)?.[1] ?? []) : []));
    expect(found, `${name} is defined once in ${folder}`).toHaveLength(1);
    return Number(found[0]?.replaceAll("_", ""));
  };
  const spanMs = constant("FRAME_SPAN_MS_MAX", "packages/contract/");
  // Or the newest sample of a frame would close the window of its oldest one.
  expect(spanMs).toBeLessThan(constant("ALLOWED_LATENESS_MS", "apps/processor/"));
});

test("a document's links lead to something that is there", () => {
  const offenders = textFiles
    .filter(({ path }) => path.endsWith(".md"))
    .flatMap(({ path, text }) =>
      [...text.matchAll(/\]\(([^)#\s]+)/g)]
        .map(([, target = ""]) => target)
        .filter((target) => !/^\w+:/.test(target) && !existsSync(join(ROOT, posix.dirname(path), target)))
        .map((target) => `${path}: ${target}`),
    );
  expectNone(offenders, "Correct the link, or say what is not there yet without one.");
});
