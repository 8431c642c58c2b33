"""The networks written plainly: one layer per expert, gate, attention and tower, one loop each."""

import torch
from torch import nn
from torch.nn import functional


def layer(stack, index):
    """One layer of a stack, as a plain linear layer."""
    return lambda x: functional.linear(x, stack.weight[index].T, stack.bias[index, 0])


def layers(stacked_mlp):
    """Stacked linear layers of a stacked perceptron, from first to last."""
    return [module for module in stacked_mlp if hasattr(module, "n_stacks")]


def expert(network, e, x):
    """Output of expert e: two layers, each with a rectifier."""
    for stack in layers(network.experts):
        x = torch.relu(layer(stack, e)(x))
    return x


def gate(network, k, x):
    """Shares of the experts in target k, (B, E)."""
    own = slice(k * network.n_experts, (k + 1) * network.n_experts)
    logits = x @ network.gate.weight[own].T + network.gate.bias[own]
    return torch.softmax(logits, dim=1)


def attend(attention, k, features):
    """Eqs 3 to 5 of the Attention-MMoE paper for target k."""
    h = torch.tanh(layer(attention.inner, k)(features))
    logits = layer(attention.outer, k)(h)
    if attention.gate_function == "sigmoid":
        a = 1 / (1 + torch.exp(-logits))
    else:
        a = torch.exp(logits) / torch.exp(logits).sum(dim=1, keepdim=True)
    return features + a * features


def tower(towers, index, features):
    """Output of one tower, (B,)."""
    *hidden, last = layers(towers.layers)
    for stack in hidden:
        features = torch.relu(layer(stack, index)(features))
    return layer(last, index)(features)[:, 0]


def mmoe_features(network, x):
    """Features of every target, one target and one expert at a time."""
    features = []
    for k in range(network.n_targets):
        shares = gate(network, k, x)
        mixture = sum(shares[:, [e]] * expert(network, e, x) for e in range(network.n_experts))
        if network.attention is not None:
            mixture = attend(network.attention, k, mixture)
        features.append(mixture)
    return features


def shared_bottom_features(network, x):
    """Trunk output, once per target."""
    for module in network.trunk:
        if isinstance(module, nn.Linear):
            x = torch.relu(x @ module.weight.T + module.bias)
    return [x] * network.n_targets


def forward(network, features_of, x, member=0):
    """Predictions of all targets, with the towers of one ensemble member."""
    k = network.n_targets
    features = features_of(network, x)
    return torch.stack(
        [tower(network.towers, member * k + j, features[j]) for j in range(k)], dim=1
    )


def omoe_block(network, depth):
    """Experts, gates and shared gate of a block as lists of plain functions of their input."""
    block = network.blocks[depth]

    def expert(e):
        def outputs(x):
            for stack in layers(block.experts):
                x = torch.relu(layer(stack, e)(x))
            return x

        return outputs

    n_own = network.n_targets * block.n_specific
    specific = [
        [expert(k * block.n_specific + p) for p in range(block.n_specific)]
        for k in range(network.n_targets)
    ]
    shared = [expert(n_own + q) for q in range(block.n_shared)]
    gates = [
        lambda x, k=k: torch.softmax(layer(block.gate, k)(x), dim=1)
        for k in range(network.n_targets)
    ]
    return specific, shared, gates, block.shared_gate


def omoe_features(network, x):
    """Eqs 3 to 5 of the TMoE-P paper, expert by expert: every target's features."""
    n_targets, n_blocks = network.n_targets, len(network.blocks)
    inputs, shared_input = [x] * n_targets, x
    for depth in range(n_blocks):
        specific, shared, gates, shared_gate = omoe_block(network, depth)
        of_shared = [expert(shared_input) for expert in shared]
        own = [[expert(inputs[k]) for expert in specific[k]] for k in range(n_targets)]
        outputs = []
        for k in range(n_targets):
            stacked = torch.stack([*own[k], *of_shared])  # O_k, eq. 3
            weights = gates[k](inputs[k])
            outputs.append(sum(weights[:, [e]] * stacked[e] for e in range(len(stacked))))
        if depth < n_blocks - 1 and shared:
            everything = [*[e for experts in own for e in experts], *of_shared]  # O_s, eq. 3
            weights = torch.softmax(
                functional.linear(shared_input, shared_gate.weight, shared_gate.bias), dim=1
            )
            shared_input = sum(weights[:, [e]] * o for e, o in enumerate(everything))
        inputs = outputs
    return inputs
