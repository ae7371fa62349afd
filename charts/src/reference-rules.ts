import {
  type Container,
  isSameNamespace,
  type KubeObject,
  type Labels,
  nameOf,
  type PodSet,
  type PodSpec,
  podSets,
  selects,
} from "./kube-object.ts";
import { containersOf } from "./pod-security-rules.ts";
import { ofKind, type SetRule } from "./set-rules.ts";

interface ServiceSpec {
  readonly selector?: Labels;
  readonly ports?: readonly ServicePort[];
}

interface ServicePort {
  readonly name?: string;
  readonly port: number;
  readonly targetPort?: string | number;
}

export const serviceSpec = ({ spec }: KubeObject) => spec as ServiceSpec;

/** Pods behind a Service. */
export function podsOf(service: KubeObject, objects: readonly KubeObject[]): PodSet[] {
  const { selector } = serviceSpec(service);
  if (selector === undefined) return [];
  return podSets(objects)
    .filter(({ owner }) => isSameNamespace(owner, service))
    .filter(({ template }) => selects({ matchLabels: selector }, template.metadata?.labels));
}

/** The container's port that a Service's port leads to; undefined when there is none. */
export function containerPortOf({ port, targetPort = port }: ServicePort, { containers }: PodSpec): number | undefined {
  const ports = containers.flatMap((container) => container.ports ?? []);
  return ports.find(({ name, containerPort }) => (typeof targetPort === "string" ? name : containerPort) === targetPort)
    ?.containerPort;
}

/** Whatever an object names is there, or is said to come from somebody else. */
export const REFERENCE_RULES: readonly SetRule[] = [
  {
    name: "a Service leads to pods",
    faults: (objects) =>
      ofKind(objects, "Service").flatMap((object) => {
        const { selector, ports = [] } = serviceSpec(object);
        if (selector === undefined) return [];
        const pods = podsOf(object, objects);
        if (pods.length === 0) return [{ object, text: "its selector matches no pod" }];
        return pods.flatMap(({ owner, template }) =>
          ports
            .filter((port) => containerPortOf(port, template.spec) === undefined)
            .map(({ port, targetPort = port }) => ({ object, text: `${nameOf(owner)} has no port ${targetPort}` })),
        );
      }),
  },
  {
    name: "a route leads to a Service",
    faults: (objects) =>
      ofKind(objects, "Ingress", "HTTPRoute").flatMap((object) =>
        backendsOf(object)
          .filter(({ service, port }) => !hasServicePort(objects, { object, service, port }))
          .map(({ service, port }) => ({ object, text: `there is no Service ${service} with a port ${port}` })),
      ),
  },
  {
    name: "what a pod needs is there",
    faults: (objects, { external }) => {
      const present = new Set([...objects.map(nameOf), ...secretsToCome(objects), ...external]);
      return podSets(objects).flatMap(({ owner, template }) =>
        [...new Set(needsOf(template.spec))]
          .filter((need) => !present.has(need))
          .map((need) => ({ object: owner, text: `there is no ${need}` })),
      );
    },
  },
  {
    name: "a binding joins what is there",
    faults: (objects) =>
      ofKind(objects, "RoleBinding", "ClusterRoleBinding").flatMap((object) => {
        const { roleRef, subjects = [] } = object as unknown as Binding;
        const present = new Set(objects.map(nameOf));
        return [roleRef, ...subjects]
          .map(({ kind, name }) => `${kind}/${name}`)
          .filter((name) => !present.has(name))
          .map((name) => ({ object, text: `there is no ${name}` }));
      }),
  },
  {
    name: "rights are few and named",
    faults: (objects) => [
      ...ofKind(objects, "ClusterRole", "ClusterRoleBinding").map((object) => ({
        object,
        text: "rights in the whole cluster",
      })),
      ...ofKind(objects, "Role").flatMap((object) =>
        ((object.rules ?? []) as readonly RoleRule[]).flatMap(({ apiGroups = [], resources = [], verbs = [] }) => [
          ...([...apiGroups, ...resources, ...verbs].includes("*") ? [{ object, text: "a right with a *" }] : []),
          ...resources
            .filter((resource) => FORBIDDEN_RESOURCES.includes(resource))
            .map((resource) => ({ object, text: `a right on ${resource}` })),
        ]),
      ),
    ],
  },
];

/** Who may touch these may become anybody, or read every password. */
const FORBIDDEN_RESOURCES = ["secrets", "pods/exec", "roles", "rolebindings", "serviceaccounts/token"];

interface RoleRule {
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly verbs?: readonly string[];
}

interface Binding {
  readonly roleRef: { readonly kind: string; readonly name: string };
  readonly subjects?: readonly { readonly kind: string; readonly name: string }[];
}

interface Backend {
  readonly service: string;
  readonly port: string | number;
}

function backendsOf({ kind, spec }: KubeObject): Backend[] {
  if (kind === "HTTPRoute") {
    const { rules } = spec as { rules: { backendRefs: { name: string; port: number }[] }[] };
    return rules.flatMap(({ backendRefs }) => backendRefs.map(({ name, port }) => ({ service: name, port })));
  }
  type Path = { backend: { service: { name: string; port: { name?: string; number?: number } } } };
  const { rules } = spec as { rules: { http: { paths: Path[] } }[] };
  return rules.flatMap(({ http }) =>
    http.paths.map(({ backend: { service } }) => ({
      service: service.name,
      port: service.port.name ?? service.port.number ?? 0,
    })),
  );
}

function hasServicePort(objects: readonly KubeObject[], { object, service, port }: Backend & { object: KubeObject }) {
  return ofKind(objects, "Service")
    .filter((found) => found.metadata.name === service && isSameNamespace(found, object))
    .some((found) => serviceSpec(found).ports?.some((own) => own.name === port || own.port === port));
}

/** Secrets that External Secrets will make. */
function secretsToCome(objects: readonly KubeObject[]): string[] {
  return ofKind(objects, "ExternalSecret").map(
    ({ spec, metadata }) => `Secret/${(spec as { target?: { name?: string } }).target?.name ?? metadata.name}`,
  );
}

function needsOf(spec: PodSpec): string[] {
  const volumes = (spec.volumes ?? []).flatMap(({ secret, configMap, projected, persistentVolumeClaim }) => [
    ...(secret && secret.optional !== true ? [`Secret/${secret.secretName}`] : []),
    ...(configMap && configMap.optional !== true ? [`ConfigMap/${configMap.name}`] : []),
    ...(projected?.sources ?? []).flatMap((source) => [
      ...(source.secret && source.secret.optional !== true ? [`Secret/${source.secret.name}`] : []),
      ...(source.configMap && source.configMap.optional !== true ? [`ConfigMap/${source.configMap.name}`] : []),
    ]),
    ...(persistentVolumeClaim ? [`PersistentVolumeClaim/${persistentVolumeClaim.claimName}`] : []),
  ]);
  return [
    ...volumes,
    ...containersOf(spec).flatMap(environmentNeeds),
    ...(spec.imagePullSecrets ?? []).map(({ name }) => `Secret/${name}`),
    ...(spec.serviceAccountName === undefined ? [] : [`ServiceAccount/${spec.serviceAccountName}`]),
    ...(spec.priorityClassName === undefined ? [] : [`PriorityClass/${spec.priorityClassName}`]),
  ];
}

function environmentNeeds({ env = [], envFrom = [] }: Container): string[] {
  const references = [
    ...env.flatMap(({ valueFrom }) => [
      { kind: "Secret", of: valueFrom?.secretKeyRef },
      { kind: "ConfigMap", of: valueFrom?.configMapKeyRef },
    ]),
    ...envFrom.flatMap(({ secretRef, configMapRef }) => [
      { kind: "Secret", of: secretRef },
      { kind: "ConfigMap", of: configMapRef },
    ]),
  ];
  return references.flatMap(({ kind, of }) => (of === undefined || of.optional === true ? [] : [`${kind}/${of.name}`]));
}
