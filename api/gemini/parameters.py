"""What becomes of every parameter of a native request, as data for the decoder and the docs."""

from typing import Final

from api.treatment import honoured, ignored, mapped, refused

_NO_CONTROL: Final = "The page has no control for it."
_OTHER_SERVICE: Final = "It concerns the original service, not the answer."
_NO_SPEECH: Final = "The chat page makes no speech."
_NOT_THERE: Final = "The page does not have it."

MATRIX: Final = (
    honoured("contents", "A list of contents, one content, or text; `role` user or model, default user."),
    mapped("systemInstruction", "A content, a list of parts or text; its texts, without its role."),
    honoured("model", "Stands in the address; a body that names another model is refused."),
    honoured("generationConfig.temperature", "0 to 2, set on the page; left out: the model's default."),
    honoured("generationConfig.topP", "0 to 1, set on the page; left out: the model's default."),
    ignored("generationConfig.topK", _NO_CONTROL),
    honoured(
        "generationConfig.maxOutputTokens",
        "At least 1 and at most the model's own limit, set on the page.",
    ),
    honoured(
        "generationConfig.stopSequences",
        "At most 5; those that the page cannot hold are kept by the gateway.",
    ),
    honoured("generationConfig.candidateCount", "1 to 8 answers, each from a run of its own."),
    ignored("generationConfig.seed", _NO_CONTROL),
    ignored("generationConfig.presencePenalty", _NO_CONTROL, 0),
    ignored("generationConfig.frequencyPenalty", _NO_CONTROL, 0),
    mapped(
        "generationConfig.responseMimeType",
        "text/plain; application/json, set on the page's structured output; text/x.enum, which is asked for "
        "as JSON and answered without its quotes.",
    ),
    mapped(
        "generationConfig.responseSchema",
        "Google's schema with upper-case types, or a JSON schema; the answer is checked against it.",
    ),
    mapped("generationConfig.responseJsonSchema", "A JSON schema; the answer is checked against it."),
    refused("generationConfig.responseFormat", "Send `responseMimeType` with a schema instead."),
    mapped(
        "generationConfig.responseModalities",
        "TEXT and IMAGE with a model that makes pictures, TEXT with any other; IMAGE alone leaves the words "
        "of the answer out.",
    ),
    mapped(
        "generationConfig.thinkingConfig.thinkingBudget",
        "Tokens, set on the model's own control; 0: no thinking, -1: as the model likes.",
    ),
    mapped(
        "generationConfig.thinkingConfig.thinkingLevel",
        "minimal, low, medium or high, set on the model's own control.",
    ),
    honoured(
        "generationConfig.thinkingConfig.includeThoughts",
        "Shows the thoughts as parts with `thought`; they are left out otherwise.",
    ),
    mapped(
        "generationConfig.mediaResolution",
        "MEDIA_RESOLUTION_LOW, _MEDIUM or _HIGH, chosen on the page, which may not offer all of them; left "
        "out: the page's default.",
    ),
    refused("generationConfig.speechConfig", _NO_SPEECH, {}),
    honoured("generationConfig.imageConfig.aspectRatio", "One of those that the page offers for the model."),
    honoured(
        "generationConfig.imageConfig.imageSize",
        "512, 1K, 2K or 4K, as the page offers for the model; 1K also where there is no choice.",
    ),
    refused("generationConfig.imageConfig.personGeneration", _NO_CONTROL),
    refused("generationConfig.imageConfig.prominentPeople", _NO_CONTROL),
    refused("generationConfig.imageConfig.outputMimeType", "Pictures are passed on as the site made them."),
    refused("generationConfig.imageConfig.outputCompressionQuality", _NO_CONTROL),
    refused("generationConfig.imageConfig.imageOutputOptions", _NO_CONTROL, {}),
    refused("generationConfig.responseLogprobs", "The site tells no probabilities.", False),
    refused("generationConfig.logprobs", "The site tells no probabilities.", 0),
    ignored("generationConfig.enableEnhancedCivicAnswers", _NO_CONTROL, False),
    refused("generationConfig.audioTimestamp", _NOT_THERE, False),
    refused("generationConfig.audioTranscriptionConfig", _NOT_THERE, {}),
    refused("generationConfig.translationConfig", _NOT_THERE, {}),
    refused("generationConfig.enableAffectiveDialog", _NOT_THERE, False),
    refused("generationConfig.routingConfig", _NOT_THERE, {}),
    refused("generationConfig.modelSelectionConfig", _NOT_THERE, {}),
    refused("generationConfig.continuationToken", _NOT_THERE),
    mapped(
        "safetySettings",
        "Set in the page's safety dialog; OFF, BLOCK_NONE, BLOCK_ONLY_HIGH, BLOCK_MEDIUM_AND_ABOVE and "
        "BLOCK_LOW_AND_ABOVE are its five steps. Categories that are left out are as the page has them. "
        "Those that the page lacks, like HARM_CATEGORY_CIVIC_INTEGRITY, are ignored by name.",
    ),
    mapped(
        "tools",
        "`functionDeclarations` go to the page's declarations; `googleSearch`, `googleSearchRetrieval`, "
        "`urlContext`, `codeExecution` and `googleMaps` to its switches. Others are refused.",
    ),
    honoured("toolConfig.functionCallingConfig.mode", "AUTO, ANY, NONE; VALIDATED as AUTO."),
    honoured("toolConfig.functionCallingConfig.allowedFunctionNames", "Only these are offered."),
    refused("toolConfig.functionCallingConfig.streamFunctionCallArguments", "Calls come whole.", False),
    ignored("toolConfig.retrievalConfig", _NO_CONTROL, {}),
    ignored("toolConfig.includeServerSideToolInvocations", "The site does not tell them.", False),
    refused("cachedContent", "Nothing is cached between requests; send the contents."),
    ignored("labels", _OTHER_SERVICE, {}),
    ignored("serviceTier", _OTHER_SERVICE, "standard", "unspecified"),
    ignored("store", _OTHER_SERVICE, False),
)

PART_MATRIX: Final = (
    honoured("text", "Byte-exact; parts of one content follow each other without anything between them."),
    honoured("inlineData", "A file: `data` in either base64 alphabet; the content decides what it is."),
    honoured("fileData", "A file that was uploaded here before, or an http(s) address."),
    honoured("functionCall", "A call that the model made; `id` may be left out."),
    honoured("functionResponse", "What the function returned; matched by `id`, or by name in order."),
    mapped("executableCode", "Becomes a code block in the text."),
    mapped("codeExecutionResult", "Becomes a code block in the text."),
    mapped("thought", "A part with `thought` is left out: the page takes no thoughts back."),
    honoured("thoughtSignature", "Kept with a function call, accepted and left out elsewhere."),
    ignored("videoMetadata", _NO_CONTROL, {}),
    ignored("mediaResolution", _NO_CONTROL, {}),
    ignored("mediaProcessing", _NO_CONTROL, {}),
    ignored("partMetadata", _OTHER_SERVICE, {}),
    refused("toolCall", "Only functions of the caller's own can be called."),
    refused("toolResponse", "Only functions of the caller's own can be called."),
    refused("audioTranscription", _NOT_THERE),
    refused("speechMetadata", _NOT_THERE),
)
"""The same for a part of a content."""
