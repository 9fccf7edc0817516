"""The catalogue of rules: every id that a problem can carry, its name and what it holds.

Ids are for ever: never reused, never renumbered. Each has a page under `docs/reference/rules/`.
GGI001-099 hold on resources, whatever made them; GGI101-199 on the text of an inventory; GGI201-299 on what it says.
"""

from __future__ import annotations

from typing import NamedTuple


class Rule(NamedTuple):
    """One rule: its id, a short name that people can search for, and one sentence on what holds.

    `switch` says that a workload may set it aside: what breaks it can be right where people know more than the
    inventory. All others hold for everybody, as what breaks them is refused, ignored or leads to another pod.
    """

    id: str
    name: str
    holds: str
    switch: bool = False


# On resources: GGI001-GGI099.
_RESOURCES: tuple[Rule, ...] = (
    Rule(
        "GGI001",
        "entry-without-identity",
        "Callers of a ServiceEntry with resolution DNS know that its endpoints speak mesh TLS.",
        switch=True,
    ),
    Rule(
        "GGI002",
        "tcp-entry-visible",
        "A ServiceEntry with a TCP port and no address is visible to no sidecar.",
        switch=True,
    ),
    Rule(
        "GGI003",
        "two-protocols",
        "No port number is HTTP in one backend and TCP in another where sidecars see both.",
        switch=True,
    ),
    Rule("GGI004", "entry-port-by-name", "A ServiceEntry leads to container ports by number."),
    Rule("GGI005", "entry-on-a-service", "No ServiceEntry has the name of a Service."),
    Rule("GGI006", "no-east-west-gateway", "A pod dialled from elsewhere is behind an east-west gateway."),
    Rule("GGI007", "entry-for-two-clusters", "No ServiceEntry selects a pod by a name that another cluster has too."),
    Rule(
        "GGI008",
        "one-backend-per-pod",
        "Each exposed port of each pod is reached by its hosts alone, and no two pods share a backend.",
    ),
    Rule("GGI009", "tcp-port-taken", "A TCP route has its gateway port to itself."),
    Rule("GGI010", "certificate-on-two-servers", "A certificate is in one server of a gateway port.", switch=True),
    Rule(
        "GGI011",
        "not-under-certificate",
        "A host is one label under the wildcard of the certificate that serves it.",
        switch=True,
    ),
    Rule("GGI012", "upper-case-host", "Hosts have no upper case letters."),
    Rule("GGI013", "vip-pool", "The vipPool has room for every host that needs an address."),
    Rule(
        "GGI014",
        "refused-durations",
        "No rule has a timeout of nothing, or says how to retry when there are no retries.",
    ),
    Rule(
        "GGI015",
        "not-exported",
        "Whatever is used from a namespace is exported to it, and every resource says to whom it is.",
        switch=True,
    ),
    Rule("GGI016", "budget", "Nothing grows beyond what Istio and Kubernetes take well.", switch=True),
    Rule("GGI017", "no-hosts", "A VirtualService has hosts."),
    Rule("GGI018", "full-names", "Destinations and DestinationRules name their host in full."),
    Rule("GGI019", "no-backend", "What is exposed or consumed has a backend."),
    Rule("GGI020", "two-servers", "No two servers of a gateway port serve one host with TLS."),
    Rule("GGI021", "tls-and-plain", "TLS and plain text do not share a gateway port."),
    Rule("GGI022", "host-taken", "A host leads to one pod of the mesh, and on a gateway port to one port of it."),
    Rule("GGI023", "entry-without-ports", "A ServiceEntry has at least one port."),
    Rule(
        "GGI024",
        "rule-for-every-port",
        "Where a VirtualService answers on several gateway ports, each rule says its own.",
    ),
    Rule("GGI025", "one-name-two-routes", "No HTTPRoute and GRPCRoute of one namespace have one name."),
    Rule(
        "GGI026",
        "name-taken",
        "No generated resource has the name of another; no Services are merged over clusters.",
    ),
    Rule("GGI027", "stub-has-pods", "The stub of a remote pod has no pods of its own."),
    Rule("GGI028", "entry-without-names", "A ServiceEntry stands on a governing Service, for pods that are Ready."),
    Rule(
        "GGI029",
        "own-tls-pair",
        "PeerAuthentication and DestinationRule for a port with its own TLS come as a pair.",
    ),
    Rule("GGI030", "name-too-long", "No generated name or host is longer than Kubernetes, Istio and DNS accept."),
    Rule("GGI031", "one-pod-again", "Nothing retries, or ejects, the only pod that a route has.", switch=True),
    Rule("GGI032", "remote-identity", "Mesh TLS reaches a pod dialled from elsewhere, and its identity is known."),
    Rule(
        "GGI033", "identity-outside", "Nobody asks pods outside the mesh for mesh TLS, or for an identity.", switch=True
    ),
    Rule("GGI034", "port-not-open", "A gateway port is one that the ingress opens.", switch=True),
    Rule(
        "GGI035",
        "gateway-api-fits",
        "What an ingress or a route asks of Gateway API is there: the kind, the listener, the namespace, the room.",
    ),
    Rule("GGI036", "consumer-cannot-dial", "A Consumer can resolve and dial each pod that it asks for."),
    Rule("GGI037", "unknown-field", "A resource has the fields of its kind, each of its type."),
    Rule("GGI038", "policy-passed-by", "A policy for one pod is on a name that its callers use.", switch=True),
    Rule(
        "GGI039",
        "governing-port",
        "The headless Service has the ports of a ServiceEntry on its pods' names, with the same protocols.",
        switch=True,
    ),
    Rule("GGI040", "static-names", "The endpoints of a STATIC ServiceEntry are IP addresses."),
    Rule(
        "GGI041",
        "wildcard-to-resolve",
        "A ServiceEntry with resolution DNS and no endpoints has no wildcard among its hosts.",
    ),
    Rule("GGI042", "unknown-protocol", "The protocol of a port is one that Istio knows."),
    Rule("GGI043", "hosts-share-tcp", "A ServiceEntry with a TCP port has one host."),
    Rule("GGI044", "no-address", "The addresses of a ServiceEntry are IP addresses or ranges."),
    Rule("GGI045", "export-twice", "`exportTo` names no namespace twice, and `*` alone."),
    Rule("GGI046", "endpoint-port", "The ports of an endpoint are those of its ServiceEntry, by name."),
    Rule("GGI047", "gateway-with-a-dot", "The name of a Gateway has no dots."),
    Rule("GGI048", "tls-not-said", "A server for HTTPS or TLS says how it does TLS."),
    Rule("GGI049", "no-certificate", "A server that ends TLS has a certificate."),
    Rule("GGI050", "tls-on-plain-http", "A server for plain HTTP has nothing under `tls` but `httpsRedirect`."),
    Rule("GGI051", "port-name-twice", "The ports of a Gateway have one name each."),
    Rule("GGI052", "server-without-hosts", "A server of a Gateway has hosts."),
    Rule("GGI053", "foreign-server-name", "The server names of a rule are among the hosts of its VirtualService."),
    Rule("GGI054", "host-twice", "A VirtualService has each host once."),
    Rule(
        "GGI055",
        "nothing-to-do",
        "A VirtualService has rules, and a rule with several destinations a weight above 0.",
    ),
    Rule(
        "GGI056",
        "governing-ports-differ",
        "Sets of pods that share a generated governing Service agree on its ports.",
    ),
    Rule("GGI057", "slow-to-return", "A backend does not wait for DNS to tell that a pod is back."),
    Rule("GGI058", "way-out", "A sidecar can be told what its Consumer dials outside."),
    Rule("GGI060", "ambient-not-tried", "What is written for an ambient mesh follows Istio's documentation."),
    Rule("GGI061", "component-there", "A component that a workload names is there, as a Kustomize component."),
    Rule(
        "GGI062",
        "component-fits",
        "A component is built from `components/` alone, and adds nothing that the workload's sync unit may not apply.",
    ),
)

# On the text of an inventory, its YAML and its fields: GGI101-GGI199.
_READING: tuple[Rule, ...] = (
    Rule("GGI101", "utf-8-text", "A file is UTF-8 text without a byte order mark."),
    Rule("GGI102", "file-size", "A file is at most 5 MiB."),
    Rule(
        "GGI103",
        "visible-characters",
        "No control, bidi or other invisible character stands in a file; values are on one line.",
    ),
    Rule("GGI104", "yaml-syntax", "A file is YAML (JSON is)."),
    Rule("GGI105", "unique-keys", "No key is written twice in one mapping."),
    Rule("GGI106", "no-anchors", "There are no anchors, aliases and merge keys."),
    Rule("GGI107", "no-tags", "There are no tags and no directives."),
    Rule("GGI108", "text-keys", "Every key is text on one line, and text to every reader of YAML."),
    Rule("GGI109", "depth", "Mappings and lists stand at most 20 deep in each other."),
    Rule("GGI110", "size-in-nodes", "A file holds at most a million keys and values."),
    Rule("GGI111", "one-reading", "A value means the same to every reader of YAML."),
    Rule("GGI112", "whole-number-size", "A whole number has at most 18 digits."),
    Rule("GGI113", "no-substitution", "`${` stands nowhere: Flux would replace it."),
    Rule("GGI114", "known-kinds", "Every document is a mapping of a known kind."),
    Rule("GGI115", "known-keys", "Every key is one that its mapping knows."),
    Rule("GGI116", "needed-keys", "Keys that are needed are there."),
    Rule("GGI117", "value-types", "Every value is of the type that its field takes; nothing is ever converted."),
    Rule("GGI118", "value-choices", "A field with a fixed choice has one of its values."),
    Rule("GGI119", "value-bounds", "Every value is within the bounds of its field."),
)

# On what a whole inventory says: GGI201-GGI299.
_INVENTORY: tuple[Rule, ...] = (
    Rule("GGI201", "one-mesh", "An inventory has exactly one Mesh, whose name owns what is generated."),
    Rule("GGI202", "unique-documents", "No two documents of a kind have one name (and namespace)."),
    Rule("GGI203", "valid-names", "Every name is one that Kubernetes and DNS accept where it ends up."),
    Rule("GGI204", "valid-labels", "Keys and values of labels and selectors are ones that Kubernetes accepts."),
    Rule("GGI205", "known-clusters", "A cluster that a placement or a Consumer names is there."),
    Rule("GGI206", "selecting-labels", "Labels by which a placement picks clusters are those of one cluster at least."),
    Rule(
        "GGI207",
        "known-ingresses",
        "Every cluster of a workload has the ingresses of its routes, and a default for those that name none.",
    ),
    Rule("GGI208", "one-of-two", "Of two fields that say the same in two ways, exactly one is written."),
    Rule("GGI209", "one-default-ingress", "At most one ingress of a cluster is its default."),
    Rule(
        "GGI210",
        "selector-given",
        "`service.create`, `mtls: own` and a port's `mesh: false` have the workload's `selector` to choose pods by.",
    ),
    Rule("GGI211", "template-fields", "What stands in braces in a template is a field that has a value there."),
    Rule("GGI212", "hosts-given", "A route has a host: its own, or by the `hostTemplate` of its ingress."),
    Rule(
        "GGI213",
        "unique-ports",
        "The ports of a workload have one name each, and one number for each of TCP, UDP and SCTP.",
    ),
    Rule(
        "GGI214",
        "carried-or-not",
        "A port that is not carried says why, and asks for nothing that only carried ports can do.",
    ),
    Rule("GGI215", "datagrams-not-carried", "UDP and SCTP ports are `carried: false`: no Istio route can carry them."),
    Rule("GGI216", "handshake-first", "A TLS route is for protocols that begin with the TLS handshake."),
    Rule("GGI217", "some-ports", "A workload that is placed somewhere has ports there."),
    Rule(
        "GGI218",
        "gateway-port-per-pod",
        "A TCP route says its gateway port and gives each pod one of its own, 65535 at most.",
    ),
    Rule("GGI219", "istio-version", "A version is `major.minor`: of Istio 1.24 at least, of Gateway API 1.0."),
    Rule(
        "GGI220",
        "valid-addresses",
        "Addresses are IP addresses or DNS names, and the vipPool is a range apart from Istio's own.",
    ),
    Rule("GGI221", "open-ports", "Ports of an ingress are numbers; open ones also ranges from low to high."),
    Rule(
        "GGI222",
        "repository-form",
        "The repository is an https or ssh URL without secrets, `git@host:path`, or a local path.",
    ),
    Rule("GGI223", "branch-and-path", "Branch and path are names that git and file systems all read the same way."),
    Rule(
        "GGI224",
        "bounds",
        "A cluster has at most 150,000 pods, and an inventory asks for at most 2,000,000 resources.",
    ),
    Rule("GGI225", "one-placement-per-pod", "No two placements of a namespace make a pod of one name in one cluster."),
    Rule(
        "GGI226",
        "free-file-names",
        "No pod or companion Service has the name of a file that stands for something else.",
    ),
    Rule("GGI227", "a-host-per-pod", "A host's template gives each pod of a workload a host of its own."),
    Rule("GGI228", "ordinals-there", "What counts by ordinal is for pods whose names end in a number."),
    Rule("GGI229", "valid-hosts", "A host is a DNS name of two labels or more, the last not of digits only."),
    Rule(
        "GGI230",
        "host-claims",
        "A host under a claimed suffix belongs to a workload of one of the claim's namespaces.",
    ),
    Rule(
        "GGI231",
        "unique-resources",
        "Names put together from cluster and pod are unique in their namespace, over all clusters.",
    ),
    Rule("GGI232", "known-workloads", "The workloads that a Consumer names are there, and named once."),
    Rule("GGI233", "known-ports", "The port that a Consumer names is one that the workload has and the mesh carries."),
    Rule("GGI234", "allowed-consumers", "A workload that says who may consume it is consumed by nobody else."),
    Rule(
        "GGI235",
        "exposed-north-south",
        "A port that a Consumer dials north-south is exposed in every other cluster where it is.",
    ),
    Rule("GGI236", "own-endpoint-lists", "Each list of endpoints is in a ConfigMap of its own."),
    Rule("GGI237", "engine-repository", "Where an engine is named, the repository is a URL that it can fetch from."),
    Rule(
        "GGI238",
        "client-authority",
        "The authority of clients' certificates stands where the ingress's Istio finds it.",
    ),
    Rule("GGI239", "scoped-gateway", "Gateway pods that see their own namespace only find their Gateway there."),
    Rule("GGI241", "policy-of-http", "A policy asks of a port what its protocol has."),
    Rule("GGI242", "one-idle-timeout", "Connections to the ports of a pod that are not HTTP may be idle equally long."),
    Rule("GGI243", "dns-addresses", "Records for DNS lead to IP addresses of one family, or to one DNS name."),
    Rule("GGI244", "certificate-issuer", "A certificate that is written has an issuer, and a Secret to be in."),
    Rule("GGI245", "namespaces-created", "Namespaces are asked for where the engine can create them."),
    Rule("GGI246", "components-once", "A workload names each of its components once."),
    Rule("GGI260", "rules-to-set-aside", "What a workload sets aside is a rule that can be, once, and with a reason."),
)

RULES: dict[str, Rule] = {rule.id: rule for rule in (*_RESOURCES, *_READING, *_INVENTORY)}
"""Every rule by its id, in order of ids."""
