"""What cannot be read in a native request is refused with its path."""

from typing import Any

import pytest

from api.gemini.parameters import MATRIX
from api.treatment import Treatment
from tests.api.gemini_harness import says
from tests.api.gemini_reading import WEATHER, refused


@pytest.mark.parametrize(
    ("document", "param", "words"),
    [
        ({}, "contents", "not specified"),
        ({"contents": []}, "contents", "contents"),
        (says(foo=1), "foo", 'Unknown name "foo": Cannot find field.'),
        (says(generationConfig={"topp": 1}), "generationConfig.topp", "at 'generationConfig'"),
        (says(generationConfig={"temperature": 3}), "generationConfig.temperature", "Invalid value at"),
        (says(generationConfig={"topP": 1, "top_p": 1}), "generationConfig", "given twice"),
        (says(generationConfig={"candidateCount": 9}), "generationConfig.candidateCount", "8"),
        (says(generationConfig={"stopSequences": ["a"] * 2 + list("bcdef")}), None, "At most 5"),
        (says(generationConfig={"stopSequences": [""]}), "generationConfig.stopSequences", "empty"),
        (says(generationConfig={"responseSchema": {"type": "STRING"}}), None, "responseMimeType"),
        (says(generationConfig={"responseMimeType": "text/html"}), None, "text/html"),
        (
            says(generationConfig={"thinkingConfig": {"thinkingBudget": 1, "thinkingLevel": "LOW"}}),
            None,
            "one",
        ),
        (says(generationConfig={"thinkingConfig": {"thinkingLevel": "WILD"}}), None, "WILD"),
        ({"contents": [{"role": "robot", "parts": [{"text": "x"}]}]}, "contents[0].role", "valid role"),
        ({"contents": [{"role": "system", "parts": [{"text": "x"}]}]}, "contents[0].role", "valid role"),
        ({"contents": [{"parts": []}]}, "contents[0].parts", "must not be empty"),
        ({"contents": [{"parts": [{"text": "  "}]}]}, "contents[0].parts", "must not be empty"),
        (
            {"contents": [{"parts": [{"text": "x", "inlineData": {"data": ""}}]}]},
            "contents[0].parts[0]",
            "text, inline_data",
        ),
        ({"contents": [{"parts": [{"functionCall": {"name": "f"}}]}]}, None, "only the model"),
        ({"contents": [{"parts": [{"functionResponse": {"name": "f"}}]}]}, None, "no call of 'f'"),
        ({"contents": [{"parts": [{"toolCall": {}}]}]}, "contents[0].parts[0].toolCall", "not supported"),
        (says(tools=[{"fileSearch": {}}]), "tools[0].fileSearch", "googleSearch"),
        (says(tools=[{"googleSearch": {"timeRangeFilter": {}}}]), None, "timeRangeFilter"),
        (says(tools=[{"googleSearch": {}}, {"functionDeclarations": [WEATHER]}]), "tools", "combine"),
        (says(tools=[{"functionDeclarations": [WEATHER, WEATHER]}]), None, "Duplicate"),
        (says(tools=[{"functionDeclarations": [{"name": "a b"}]}]), None, "Invalid function name"),
        (
            says(tools=[{"functionDeclarations": [{"name": "f", "parameters": {"type": "THING"}}]}]),
            "tools[0].functionDeclarations[0].parameters.type",
            "THING",
        ),
        (says(toolConfig={"functionCallingConfig": {"mode": "ANY"}}), None, "no functions"),
        (says(toolConfig={"functionCallingConfig": {"mode": "SOME"}}), None, "SOME"),
        (says(systemInstruction={"parts": [{"inlineData": {"data": ""}}]}), None, "text"),
        (says(model="models/other"), "model", "other"),
        (
            says(generationConfig={"maxOutputTokens": 10**400}),
            "generationConfig.maxOutputTokens",
            "less than",
        ),
        ({"contents": [{"parts": [5]}]}, "contents[0].parts[0]", "it must be an object"),
        ({"contents": []}, "contents", "contents is not specified"),
        (says(cachedContent="cachedContents/x"), "cachedContent", "cached"),
        (says(generationConfig={"responseModalities": ["TEXT", "AUDIO"]}), None, "speech"),
        (says(generationConfig={"responseModalities": ["SMELL"]}), None, "neither text nor image"),
        (
            says(generationConfig={"imageConfig": {"imageSize": "8K"}}),
            "generationConfig.imageConfig.imageSize",
            "512, 1K, 2K, 4K",
        ),
        (
            says(generationConfig={"imageConfig": {"aspectRatio": "wide"}}),
            "generationConfig.imageConfig.aspectRatio",
            "16:9",
        ),
        (says(generationConfig={"speechConfig": {"voiceConfig": {}}}), None, "speechConfig"),
        (
            says(
                tools=[{"functionDeclarations": [WEATHER]}],
                generationConfig={"responseMimeType": "application/json"},
            ),
            "generationConfig.responseMimeType",
            "unsupported",
        ),
        ([], None, "object"),
    ],
)
def test_refusals_name_the_field(document: Any, param: str | None, words: str) -> None:
    error = refused(document)
    assert words.lower() in error.public_message.lower()
    assert param is None or error.param == param


def test_everything_that_is_refused_is_refused_with_its_reason() -> None:
    for row in MATRIX:
        if row.treatment is Treatment.REFUSED and row.name.startswith("generationConfig."):
            name = row.name.split(".")[1]
            value: Any = {"responseLogprobs": True, "logprobs": 2, "audioTimestamp": True}.get(name)
            value = True if name == "enableAffectiveDialog" else value
            inside = row.name.split(".")[2:]
            value = value or {inside[0] if inside else "x": 1}
            error = refused(says(generationConfig={name: value}))
            assert row.how in error.public_message
