# Google's Developer form, in a shell: ask, wait, download, go on with a download that broke off.
base="$UNDERSTUDY_CLIENTS_URL/v1beta"
ask() {
    curl -sS --fail-with-body -H "x-goog-api-key: $UNDERSTUDY_CLIENTS_KEY" "$@"
}

ask "$base/models/veo-3.1-generate-preview:predictLongRunning" -d '{"instances": [{"prompt": "A dog."}]}' > asked.json
name=$(sed -n 's/^{"name":"\([^"]*\)"}$/\1/p' asked.json)
test -n "$name"

for _ in $(seq 300); do
    ask "$base/$name" > operation.json
    if grep -q '"done":true' operation.json; then break; fi
    sleep 0.1
done
uri=$(sed -n 's/.*"uri":"\([^"]*\)".*/\1/p' operation.json)
ask -L "$uri" -o clip.mp4
test "$(head -c 8 clip.mp4 | tail -c 4)" = ftyp

head -c 1000 clip.mp4 > resumed.mp4
ask -L -C - "$uri" -o resumed.mp4
cmp clip.mp4 resumed.mp4

# As the key of the query, and without any.
curl -sS --fail-with-body "$uri&key=$UNDERSTUDY_CLIENTS_KEY" -o again.mp4
cmp clip.mp4 again.mp4
test "$(curl -sS -o /dev/null -w '%{http_code}' "$uri")" = 401
