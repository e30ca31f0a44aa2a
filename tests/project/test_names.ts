import { existsSync, readFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import ts from "typescript58";
import { root } from "./process.ts";

/** What a file has to say about names of tests. */
interface Source {
  /** Names of tests, and of cases that are run as tests elsewhere. */
  readonly names: readonly Name[];
  /** Texts that may stand in a name's gaps, here and in what it imports. */
  readonly texts: ReadonlySet<string>;
  readonly patterns: readonly Name[];
  readonly imports: readonly string[];
}

/** A text, or texts with gaps between them. */
type Name = readonly string[];

const sources = new Map<string, Source>();

/**
 * Whether a file has a test, or a case that is run as one, of exactly this
 * name. What is put into a name has to be a text of the file, or of a file that
 * it imports.
 */
export function hasTest(path: string, name: string): boolean {
  if (!existsSync(join(root, path))) return false;
  const source = sourceOf(path);
  const known = [source, ...source.imports.map(sourceOf)];
  return source.names.some((parts) => fits(parts, name, known, 0));
}

function fits(
  parts: Name,
  text: string,
  known: readonly Source[],
  depth: number,
): boolean {
  const [first = "", ...rest] = parts;
  if (!text.startsWith(first)) return false;
  const tail = text.slice(first.length);
  const [next] = rest;
  if (next === undefined) return tail === "";
  // The last part ends the text.
  const from = rest.length > 1 ? 1 : Math.max(1, tail.length - next.length);
  for (let at = from; at <= tail.length; at++) {
    if (!tail.startsWith(next, at)) continue;
    const gap = tail.slice(0, at);
    const isKnown = known.some(({ texts, patterns }) =>
      texts.has(gap) ||
      depth < 2 && patterns.some((each) => fits(each, gap, known, depth + 1))
    );
    if (isKnown && fits(rest, tail.slice(at), known, depth)) return true;
  }
  return false;
}

function sourceOf(path: string): Source {
  const found = sources.get(path);
  if (found) return found;
  const text = readFileSync(join(root, path), "utf8");
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.ESNext, true);
  const names: Name[] = [];
  const texts = new Set<string>();
  const patterns: Name[] = [];
  const imports: string[] = [];
  const visit = (node: ts.Node) => {
    const name = nameOf(node);
    if (name) names.push(name);
    if (ts.isImportDeclaration(node)) {
      const { text } = node.moduleSpecifier as ts.StringLiteral;
      const path = posix.join(dirname(file.fileName), text);
      if (/^(tests|testing)\//.test(path) && path.endsWith(".ts")) {
        imports.push(path);
      }
    } else if (ts.isStringLiteralLike(node)) texts.add(node.text);
    else if (ts.isNumericLiteral(node)) texts.add(node.text);
    else if (ts.isIdentifier(node) && isKey(node)) texts.add(node.text);
    else if (ts.isTemplateExpression(node)) patterns.push(partsOf(node));
    ts.forEachChild(node, visit);
  };
  visit(file);
  const source = { names, texts, patterns, imports };
  sources.set(path, source);
  return source;
}

/** The name that a node gives to a test or a case, if it does. */
function nameOf(node: ts.Node): Name | undefined {
  if (ts.isCallExpression(node)) {
    const isTest = /^(it|test)$/.test(node.expression.getText());
    const [first] = node.arguments;
    return isTest && first ? partsOf(first) : undefined;
  }
  if (!ts.isObjectLiteralExpression(node)) return undefined;
  const member = (name: string) =>
    node.properties.find((each) => each.name?.getText() === name);
  const name = member("name");
  return name && ts.isPropertyAssignment(name) && member("run")
    ? partsOf(name.initializer)
    : undefined;
}

/** Whether a name is that of a member of an object, in a table of cases say. */
function isKey(node: ts.Identifier): boolean {
  return ts.isObjectLiteralElementLike(node.parent) &&
    node.parent.name === node;
}

function partsOf(node: ts.Node): Name {
  if (ts.isStringLiteralLike(node)) return [node.text];
  if (!ts.isTemplateExpression(node)) return [];
  return [
    node.head.text,
    ...node.templateSpans.map(({ literal }) => literal.text),
  ];
}
