import { useEffect, useState } from "preact/hooks";
import { size } from "../lib/words";
import type { DraftPhoto } from "./draft";

function Preview({ photo, remove, fixed }: { photo: DraftPhoto; remove: () => void; fixed: boolean }) {
	const [url, setUrl] = useState("");
	const [shows, setShows] = useState(true);
	useEffect(() => {
		const made = URL.createObjectURL(photo.bytes);
		setUrl(made);
		return () => URL.revokeObjectURL(made);
	}, [photo]);
	return (
		<li class="preview">
			{url && shows ? <img src={url} alt={photo.name} onError={() => setShows(false)} />
				: <span class="preview-name">{photo.name}<br />{size(photo.bytes.size)}</span>}
			{!fixed && <button type="button" aria-label={`Remove ${photo.name}`} onClick={remove}>×</button>}
		</li>
	);
}

export function Previews({ photos, fixed, remove }: { photos: DraftPhoto[]; fixed: boolean; remove: (id: string) => void }) {
	if (photos.length === 0)
		return null;
	return (
		<ol class="previews" aria-label="Photos">
			{photos.map((photo) => <Preview key={photo.id} photo={photo} fixed={fixed} remove={() => remove(photo.id)} />)}
		</ol>
	);
}
