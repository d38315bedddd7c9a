"""What people would write in Python: Haystack with BM25 over pieces of 150 words, the same
prompt, an OpenAI-compatible generator. Prints how long each question took, in milliseconds.
Run by `cargo bench --bench overhead`; needs `pip install haystack-ai`."""

import json
import sys
import time
from pathlib import Path

from haystack import Document, Pipeline
from haystack.components.builders import ChatPromptBuilder
from haystack.components.generators.chat import OpenAIChatGenerator
from haystack.components.preprocessors import DocumentSplitter
from haystack.components.retrievers.in_memory import InMemoryBM25Retriever
from haystack.dataclasses import ChatMessage
from haystack.document_stores.in_memory import InMemoryDocumentStore
from haystack.utils import Secret

data, asked, url, prompt = sys.argv[1:5]

articles = [json.loads(line) for line in open(Path(data) / "corpus.jsonl", encoding="utf-8")]
documents = [
    Document(content=f"{it.get('title', '')}\n{it.get('body', '')}", meta={"title": it.get("title", "")})
    for it in articles
    if it.get("body")
]
store = InMemoryDocumentStore(bm25_algorithm="BM25Plus")
store.write_documents(DocumentSplitter(split_by="word", split_length=150).run(documents)["documents"])

# The prompt of Deskhand, its passages and fences included; its rules are the system message.
body = Path(prompt).read_text(encoding="utf-8").split("---\n", 2)[2]
system, user = body.split("# system\n")[1].split("# user\n")
user = user.replace("{{ passage.number }}", "{{ loop.index }}").replace(
    "{{ passage.text }}", "[begin passage {{ fence }}]\n{{ passage.content }}\n[end passage {{ fence }}]"
)

pipeline = Pipeline()
pipeline.add_component("retriever", InMemoryBM25Retriever(store, top_k=8))
pipeline.add_component(
    "prompt",
    ChatPromptBuilder(
        template=[ChatMessage.from_system(system), ChatMessage.from_user(user)],
        required_variables=["question", "passages"],
    ),
)
pipeline.add_component(
    "model",
    OpenAIChatGenerator(
        api_key=Secret.from_token("none"),
        api_base_url=url,
        model="m",
        generation_kwargs={"temperature": 0, "max_tokens": 900},
    ),
)
pipeline.connect("retriever.documents", "prompt.passages")
pipeline.connect("prompt.prompt", "model.messages")

took = []
for line in open(asked, encoding="utf-8"):
    text = json.loads(line)["text"].strip()
    began = time.perf_counter()
    slots = {"question": text, "fence": "00000000", "language": "", "conversation": ""}
    answer = pipeline.run({"retriever": {"query": text}, "prompt": slots})
    json.loads(answer["model"]["replies"][0].text)
    took.append((time.perf_counter() - began) * 1000)
print(json.dumps(took))
