/** Writes declarations in TypeScript. */

import {
  ReflectionKind,
  type DeclarationReflection,
  type ParameterReflection,
  type SignatureReflection,
  type SomeType,
  type TypeParameterReflection,
} from 'typedoc';

/** TypeDoc's name for a destructured parameter. */
const DESTRUCTURED = '__namedParameters';

/** A type. For an optional one, omits `undefined`, because `?` already includes it. */
export function typeText(type: SomeType | undefined, isOptional = false): string {
  const text = type?.toString() ?? 'unknown';
  return isOptional ? text.replace(/ \| undefined$/, '').replace(/^undefined \| /, '') : text;
}

function parameterText({ name, type, flags, defaultValue }: ParameterReflection): string {
  const isOptional = flags.isOptional || defaultValue !== undefined;
  const shown = name === DESTRUCTURED ? 'options' : name;
  return `${flags.isRest ? '...' : ''}${shown}${isOptional ? '?' : ''}: ${typeText(type, isOptional)}`;
}

function typeParametersText(parameters: readonly TypeParameterReflection[] | undefined): string {
  if (parameters === undefined || parameters.length === 0) return '';
  const texts = parameters.map(({ name, type, default: fallback }) => {
    const bound = type === undefined ? '' : ` extends ${type.toString()}`;
    return `${name}${bound}${fallback === undefined ? '' : ` = ${fallback.toString()}`}`;
  });
  return `<${texts.join(', ')}>`;
}

/**
 * A function, method or constructor: from its name to its result.
 *
 * @param longest the longest line. In a longer one, each parameter gets its own line. Default: no limit.
 */
export function signatureText(signature: SignatureReflection, longest = Number.POSITIVE_INFINITY): string {
  const isConstructor = signature.kind === ReflectionKind.ConstructorSignature;
  const parameters = (signature.parameters ?? []).map(parameterText);
  const start = isConstructor
    ? 'constructor'
    : `${signature.name}${typeParametersText(signature.typeParameters)}`;
  const end = isConstructor ? '' : `: ${typeText(signature.type)}`;
  const line = `${start}(${parameters.join(', ')})${end}`;
  return line.length > longest && parameters.length > 0
    ? `${start}(\n  ${parameters.join(',\n  ')},\n)${end}`
    : line;
}

/** The modifiers before the name of a member. */
function modifiersText({ flags }: DeclarationReflection, isReadonly = flags.isReadonly): string {
  return `${flags.isStatic ? 'static ' : ''}${isReadonly ? 'readonly ' : ''}`;
}

/** A property, or a pair of accessors, which programs use like a property. */
export function propertyText(member: DeclarationReflection): string {
  const type = member.type ?? member.getSignature?.type ?? member.setSignature?.parameters?.[0]?.type;
  const { isOptional } = member.flags;
  const isReadonly =
    member.flags.isReadonly || (member.getSignature !== undefined && member.setSignature === undefined);
  return `${modifiersText(member, isReadonly)}${member.name}${isOptional ? '?' : ''}: ${typeText(type, isOptional)}`;
}

/** A method with one of its signatures. */
export function methodText(member: DeclarationReflection, signature: SignatureReflection): string {
  return `${modifiersText(member)}${signatureText(signature)}`;
}

/** The first line of a class or an interface. */
export function headText(declaration: DeclarationReflection): string {
  const word = declaration.kind === ReflectionKind.Class ? 'class' : 'interface';
  const extended = (declaration.extendedTypes ?? []).map(String).join(', ');
  const implemented = (declaration.implementedTypes ?? []).map(String).join(', ');
  return [
    `${word} ${declaration.name}${typeParametersText(declaration.typeParameters)}`,
    extended && ` extends ${extended}`,
    implemented && ` implements ${implemented}`,
  ].join('');
}

/** A type with a name. */
export function aliasText(declaration: DeclarationReflection): string {
  const { name, typeParameters, type } = declaration;
  return `type ${name}${typeParametersText(typeParameters)} = ${typeText(type)}`;
}
