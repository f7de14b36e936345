import {
  BUILTIN_KINDS,
  CEL_ADMISSION_RESULTS,
  CEL_ADMISSION_VARIABLES,
  type CelSchema,
  type CelType,
  celTypeOfBuiltin,
  celTypeOfSchema,
  CelTypes,
  celWithoutAuthorizer,
  compileCel,
  type CustomResourceDefinition,
  type ExpressionWarning,
  fieldSchema,
  type ValidatingAdmissionPolicy,
} from "../../api/served.ts";

/** A policy may be for more kinds: those after the first ones are not looked at, as upstream. */
const KINDS_MAXIMUM = 10;
const DYN: CelType = { kind: "dyn" };

/** A kind whose objects expressions can be checked against. */
export interface CheckedKind {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  type(): CelType;
}

const BUILTIN: readonly CheckedKind[] = BUILTIN_KINDS.map((definition) => ({
  group: definition.group,
  version: definition.version,
  plural: definition.plural,
  kind: definition.kind,
  type: () => celTypeOfBuiltin(definition.schema),
}));

/** All kinds: those of the release, and those that definitions bring. */
export function checkedKinds(definitions: readonly CustomResourceDefinition[]): CheckedKind[] {
  const custom = definitions.flatMap(({ spec }): CheckedKind[] =>
    (spec?.versions ?? []).filter(({ served }) => served === true).map(({ name = "", schema }) => ({
      group: spec?.group ?? "",
      version: name,
      plural: spec?.names?.plural ?? "",
      kind: spec?.names?.kind ?? "",
      type: () => withMetadata(celTypeOfSchema(asSchema(schema?.openAPIV3Schema), { root: true })),
    }))
  );
  return [...BUILTIN, ...custom];
}

/** The generated type is looser about formats and defaults than expressions see. */
const asSchema = (schema: unknown): CelSchema => (schema ?? {}) as CelSchema;

/** Every object has all of ObjectMeta, which its own schema does not say. */
function withMetadata(type: CelType | undefined): CelType {
  if (type?.kind !== "object") return DYN;
  const schema = BUILTIN_KINDS[0]?.schema.fields["metadata"];
  const metadata = schema === undefined ? undefined : fieldSchema(schema);
  if (metadata?.type !== "struct") return type;
  const field = { type: celTypeOfBuiltin(metadata), wireName: "metadata" };
  return {
    ...type,
    fields: { get: (name) => name === "metadata" ? field : type.fields.get(name) },
  };
}

/** The kinds that a policy names, as far as they are known; a rule for any kind names none. Pure. */
export function kindsOf(
  { spec = {} }: ValidatingAdmissionPolicy,
  served: readonly CheckedKind[],
): CheckedKind[] {
  const found = new Map<string, CheckedKind>();
  for (const rule of spec.matchConstraints?.resourceRules ?? []) {
    const [groups, versions, resources] = [rule.apiGroups, rule.apiVersions, rule.resources]
      .map((list = []) => [...list].sort());
    const wild = [groups, versions, resources].some((list) =>
      list?.some((each) => each === "*" || each.includes("/"))
    );
    if (wild) continue;
    for (const definition of served) {
      const { group, version, plural } = definition;
      if (!groups?.includes(group) || !versions?.includes(version)) continue;
      if (resources?.includes(plural)) found.set(nameOf(definition), definition);
    }
  }
  return [...found].sort(([a], [b]) => a < b ? -1 : 1).slice(0, KINDS_MAXIMUM)
    .map(([, definition]) => definition);
}

/** What is wrong with a policy's expressions for the kinds that it names, in upstream's words. Pure. */
export function typeWarnings(
  policy: ValidatingAdmissionPolicy,
  served: readonly CheckedKind[],
): ExpressionWarning[] {
  const kinds = kindsOf(policy, served);
  if (kinds.length === 0) return [];
  const { validations = [], variables = [], paramKind } = policy.spec ?? {};
  const params = paramKind === undefined ? [] : served.filter((each) => {
    const apiVersion = each.group === "" ? each.version : `${each.group}/${each.version}`;
    return each.kind === paramKind.kind && apiVersion === paramKind.apiVersion;
  });
  const scopes = kinds.map((definition) => {
    const object = definition.type();
    const scope: Record<string, CelType> = {
      ...CEL_ADMISSION_VARIABLES,
      object,
      oldObject: object,
      ...(paramKind === undefined ? {} : {
        params: params[0] === undefined ? DYN : params[0].type(),
      }),
    };
    return { name: nameOf(definition), scope: withVariables(scope, variables) };
  });
  const warnings: ExpressionWarning[] = [];
  const check = (fieldRef: string, text: string | undefined, isMessage: boolean) => {
    if (text === undefined || text.trim() === "") return;
    const expects = isMessage ? CEL_ADMISSION_RESULTS.message : CEL_ADMISSION_RESULTS.condition;
    const found = scopes.flatMap(({ name, scope }) => {
      const variables = isMessage ? celWithoutAuthorizer(scope) : scope;
      const compiled = compileCel(text, { variables, expects });
      return compiled.ok ? [] : [`${name}: ${compiled.errors.join("\n")}\n`];
    });
    if (found.length > 0) warnings.push({ fieldRef, warning: found.join("\n") });
  };
  for (const [i, { expression, messageExpression }] of validations.entries()) {
    check(`spec.validations[${i}].expression`, expression, false);
    check(`spec.validations[${i}].messageExpression`, messageExpression, true);
  }
  return warnings;
}

/** The type of each variable is that of its expression; what does not compile may be anything. */
function withVariables(
  scope: Readonly<Record<string, CelType>>,
  variables: readonly { readonly name?: string; readonly expression?: string }[],
): Record<string, CelType> {
  const types: Record<string, CelType> = {};
  const all = () => ({ ...scope, variables: CelTypes.object("kubernetes.variables", types) });
  for (const { name = "", expression = "" } of variables) {
    const compiled = compileCel(expression, { variables: all() });
    types[name] = compiled.ok ? compiled.program.type : DYN;
  }
  return all();
}

const nameOf = ({ group, version, kind }: CheckedKind): string =>
  `${group === "" ? version : `${group}/${version}`}, Kind=${kind}`;
