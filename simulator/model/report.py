"""The report of a request: every parameter and attachment that arrived, as plain JSON."""

from dataclasses import asdict
from typing import Any

from simulator.ask import Ask


def report(ask: Ask) -> dict[str, Any]:
    """What `/report` prints and the request log keeps. Texts are byte-exact."""
    config = ask.config
    thinking = config.thinking
    return {
        "model": ask.model.removeprefix("models/"),
        "contents": [
            {
                "role": content.role,
                "texts": list(content.texts),
                "calls": list(content.calls),
                "responses": list(content.responses),
            }
            for content in ask.contents
        ],
        "system": ask.system,
        "temperature": config.temperature,
        "topP": config.top_p,
        "topK": config.top_k,
        "maxOutputTokens": config.max_output_tokens,
        "stopSequences": list(config.stop_sequences),
        "thinking": None
        if thinking is None
        else [int(thinking.include), thinking.budget, thinking.unknown, thinking.level],
        "seed": config.seed,
        "mimeType": config.mime_type,
        "schema": config.schema,
        "modalities": list(config.modalities),
        "speech": config.speech,
        "image": config.image,
        "mediaResolution": config.media_resolution,
        "tools": list(ask.tools),
        "safety": [list(setting) for setting in ask.safety],
        "previousResponseId": ask.previous_response_id,
        "clientContext": ask.client_context,
        "attachments": [asdict(medium) for medium in ask.attachments],
        "attestationLength": ask.attestation_length,
        "promptTokens": ask.prompt_tokens,
        "contents_chars": sum(len(text) for content in ask.contents for text in content.texts),
    }
