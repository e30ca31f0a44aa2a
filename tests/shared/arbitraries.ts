import fc from "fast-check";

/** Texts of any UTF-16 code units, halves of surrogate pairs too. */
export function anyText(
  limits: { minLength?: number; maxLength: number },
): fc.Arbitrary<string> {
  const unit = fc.oneof(
    fc.integer({ min: 0, max: 0xff }),
    fc.integer({ min: 0, max: 0xffff }),
  );
  return fc.array(unit, limits).map((units) => String.fromCharCode(...units));
}

/** Texts made of the characters of another. */
export function textOf(
  characters: string,
  limits: { minLength?: number; maxLength: number },
): fc.Arbitrary<string> {
  return fc.string({ unit: fc.constantFrom(...characters), ...limits });
}
