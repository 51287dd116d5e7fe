// Kubernetes manifests, checked against the schemas of Kubernetes.
import { validate as deployment } from 'kubernetes-models/_schemas/IoK8sApiAppsV1Deployment';
import { validate as service } from 'kubernetes-models/_schemas/IoK8sApiCoreV1Service';
import { validate as podDisruptionBudget } from 'kubernetes-models/_schemas/IoK8sApiPolicyV1PodDisruptionBudget';

/** A validator that was generated from a schema. */
type Validate = ((data: unknown) => boolean) & { errors?: readonly object[] | null };

const schemas: Readonly<Record<string, Validate>> = {
  'apps/v1 Deployment': deployment,
  'v1 Service': service,
  'policy/v1 PodDisruptionBudget': podDisruptionBudget,
};

/**
 * Returns the faults of an object in a manifest. The schemas allow unknown fields, because servers of other versions may know them. A
 * validator reads each field that it knows, so a field that it has not read is unknown.
 */
export function faultsOf(object: Readonly<Record<string, unknown>>): string[] {
  const validate = schemas[`${String(object['apiVersion'])} ${String(object['kind'])}`];
  if (validate === undefined) return [`unknown kind ${String(object['kind'])}`];
  const read = new Set<string>();
  const isValid = validate(watched(object, '', read));
  const errors = isValid ? [] : (validate.errors ?? []).map((error) => JSON.stringify(error));
  const unknown = pathsOf(object).filter((path) => !read.has(path));
  return [...errors, ...unknown.map((path) => `unknown field ${path}`)];
}

/** An object that records which of its fields are read. */
function watched<T extends object>(object: T, path: string, read: Set<string>): T {
  return new Proxy(object, {
    get(target, name) {
      const inner = `${path}/${String(name)}`;
      read.add(inner);
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'object' && value !== null ? watched(value, inner, read) : value;
    },
  });
}

function pathsOf(value: unknown, path = ''): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => [
    `${path}/${name}`,
    ...pathsOf(inner, `${path}/${name}`),
  ]);
}
