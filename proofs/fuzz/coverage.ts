// Counts which branches of the library an input has taken. TypeScript's own
// parser puts the counters into the modules of `src/` and `stores/` as they are
// loaded, so nothing on the disk changes.

import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { fileURLToPath } from "node:url";
import ts from "typescript58";

const MOST = 2 ** 15;
const NAME = "fuzzHits";
const counters = new Uint8Array(MOST);
const words = new Uint32Array(counters.buffer);
let used = 0;
const literals = new Set<string>();

/** From now on, modules of the library are loaded with counters. */
export function watchCoverage(): void {
  Object.assign(globalThis, { [NAME]: counters });
  registerHooks({
    load(url, context, next) {
      if (!/\/(src|stores|readers)\/[^?]*\.ts$/.test(url)) {
        return next(url, context);
      }
      const source = instrument(readFileSync(fileURLToPath(url), "utf8"));
      return { format: "module", source, shortCircuit: true };
    },
  });
}

/** How many counters there are so far. */
export function counterCount(): number {
  return used;
}

/** The texts that stand in the library: what it compares inputs with. */
export function literalsOfSource(): string[] {
  return [...literals];
}

/** What a target's inputs have reached. */
export class Reached {
  readonly #seen = new Uint8Array(MOST);
  #count = 0;

  /** How many branches. */
  get count(): number {
    return this.#count;
  }

  /** Before an input. */
  begin(): void {
    counters.fill(0, 0, used);
  }

  /** After it: whether a branch is new, or was never taken so often. */
  end(): boolean {
    let isNew = false;
    const seen = this.#seen;
    for (let word = 0; word * 4 < used; word++) {
      if (!words[word]) continue;
      for (let at = word * 4; at < word * 4 + 4; at++) {
        const bucket = bucketOf(counters[at] as number);
        const before = seen[at] as number;
        if (!bucket || before & bucket) continue;
        if (!before) this.#count++;
        seen[at] = before | bucket;
        isNew = true;
      }
    }
    return isNew;
  }
}

function bucketOf(hits: number): number {
  if (hits < 4) return hits && 1 << (hits - 1);
  if (hits < 8) return 8;
  if (hits < 16) return 16;
  return hits < 32 ? 32 : hits < 128 ? 64 : 128;
}

function instrument(text: string): string {
  return ts.transpileModule(text, {
    compilerOptions: {
      module: ts.ModuleKind.ESNext,
      target: ts.ScriptTarget.ESNext,
      verbatimModuleSyntax: true,
      removeComments: true,
    },
    transformers: { before: [withCounters] },
  }).outputText;
}

const LAZY = new Set([
  ts.SyntaxKind.AmpersandAmpersandToken,
  ts.SyntaxKind.BarBarToken,
  ts.SyntaxKind.QuestionQuestionToken,
  ts.SyntaxKind.QuestionQuestionEqualsToken,
  ts.SyntaxKind.BarBarEqualsToken,
  ts.SyntaxKind.AmpersandAmpersandEqualsToken,
]);

const withCounters: ts.TransformerFactory<ts.SourceFile> = (context) => {
  const { factory } = context;
  const hit = () =>
    factory.createPostfixIncrement(factory.createElementAccessExpression(
      factory.createPropertyAccessExpression(
        factory.createIdentifier("globalThis"),
        NAME,
      ),
      used++,
    ));
  const statement = () => factory.createExpressionStatement(hit());
  const expression = (inner: ts.Expression) =>
    factory.createParenthesizedExpression(
      factory.createComma(hit(), factory.createParenthesizedExpression(inner)),
    );
  const block = (inner: ts.Statement | undefined) =>
    factory.createBlock(inner ? [statement(), inner] : [statement()]);
  const within = ({ statements }: ts.Block) =>
    factory.createBlock([statement(), ...statements]);

  const visit = (node: ts.Node): ts.Node => {
    if (
      ts.isStringLiteral(node) && node.text && node.text.length < 30 &&
      !/^\.|^node:/.test(node.text)
    ) literals.add(node.text);
    if (ts.isTypeNode(node)) return node;
    const made = ts.visitEachChild(node, visit, context);
    if (ts.isIfStatement(made)) {
      return factory.updateIfStatement(
        made,
        made.expression,
        block(made.thenStatement),
        block(made.elseStatement),
      );
    }
    if (ts.isConditionalExpression(made)) {
      return factory.updateConditionalExpression(
        made,
        made.condition,
        made.questionToken,
        expression(made.whenTrue),
        made.colonToken,
        expression(made.whenFalse),
      );
    }
    if (ts.isBinaryExpression(made) && LAZY.has(made.operatorToken.kind)) {
      return factory.updateBinaryExpression(
        made,
        made.left,
        made.operatorToken,
        expression(made.right),
      );
    }
    if (ts.isArrowFunction(made) && !ts.isBlock(made.body)) {
      return factory.updateArrowFunction(
        made,
        made.modifiers,
        made.typeParameters,
        made.parameters,
        made.type,
        made.equalsGreaterThanToken,
        expression(made.body),
      );
    }
    // Bodies of functions, loops, `try` and `catch`.
    return ts.isBlock(made) ? within(made) : made;
  };
  return (file) => ts.visitNode(file, visit) as ts.SourceFile;
};
