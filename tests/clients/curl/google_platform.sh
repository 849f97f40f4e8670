# Google's enterprise form, in a shell: ask, wait, take the clip out of the answer.
base="$UNDERSTUDY_CLIENTS_URL/v1beta1/projects/film/locations/europe-west4/publishers/google/models/veo-3.1-generate-001"
ask() {
    curl -sS --fail-with-body -H "Authorization: Bearer $UNDERSTUDY_CLIENTS_KEY" -H "content-type: application/json" "$@"
}

ask "$base:predictLongRunning" -d @- > asked.json <<END
{"instances": [{"prompt": "A dog.", "image": {"bytesBase64Encoded": "$(base64 -w0 "$UNDERSTUDY_CLIENTS_PHOTO")",
 "mimeType": "image/jpeg"}}], "parameters": {"durationSeconds": 4, "sampleCount": 1}}
END
name=$(sed -n 's/^{"name":"\([^"]*\)"}$/\1/p' asked.json)
test -n "$name"

for _ in $(seq 300); do
    ask "$base:fetchPredictOperation" -d "{\"operationName\": \"$name\"}" > operation.json
    if grep -q '"done":true' operation.json; then break; fi
    sleep 0.1
done
sed -n 's/.*"bytesBase64Encoded":"\([^"]*\)".*/\1/p' operation.json | base64 -d > clip.mp4
test "$(head -c 8 clip.mp4 | tail -c 4)" = ftyp

# A wrong key, and somebody else's.
status() { curl -sS -o /dev/null -w '%{http_code}' "$@"; }
test "$(status -H 'x-goog-api-key: wrong' "$base:predictLongRunning" -d '{}')" = 401
test "$(status -H "x-goog-api-key: $UNDERSTUDY_CLIENTS_OTHER_KEY" "$base:fetchPredictOperation" -d "{\"operationName\": \"$name\"}")" = 404
